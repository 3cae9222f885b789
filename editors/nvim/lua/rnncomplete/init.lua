--- Ghost text by rnncomplete: `require('rnncomplete').setup()`; see `:help rnncomplete`.
local config = require('rnncomplete.config')
local ghost = require('rnncomplete.ghost')
local builtin = require('rnncomplete.builtin')
local pieces = require('rnncomplete.pieces')
local server = require('rnncomplete.server')
local M = {}

local api = vim.api
local group = nil

--- What the key did before it was ours, as keys to type.
local function before_us(key, map)
  if not map or vim.tbl_isempty(map) then
    return key
  end
  if map.expr == 1 then
    local result = map.callback and map.callback() or (map.rhs and api.nvim_eval(map.rhs)) or ''
    return type(result) == 'string' and result or ''
  end
  if map.callback then
    vim.schedule(map.callback)
    return ''
  end
  return map.rhs
end

local function accepting(piece)
  return function(key, map)
    if config.options.engine == 'builtin' then
      return builtin.insert(pieces[piece]) and '' or before_us(key, map)
    end
    if ghost.text() == '' then
      return before_us(key, map)
    end
    -- An undo step of its own.
    return ("<C-g>u<Cmd>lua require('rnncomplete').insert('%s')<CR><C-g>u"):format(piece)
  end
end

local function doing(call, shown_only)
  return function(key, map)
    if shown_only and config.options.engine == 'own' and ghost.text() == '' then
      return before_us(key, map)
    end
    return ("<Cmd>lua require('rnncomplete').%s()<CR>"):format(call)
  end
end

local actions = {
  accept = accepting('all'),
  accept_word = accepting('word'),
  accept_line = accepting('line'),
  next = doing('next'),
  previous = doing('previous'),
  ask = doing('ask'),
  dismiss = doing('dismiss', true),
  toggle = doing('toggle'),
}

local function map_keys()
  for action, keys in pairs(config.options.keys) do
    for _, key in ipairs(type(keys) == 'table' and keys or { keys or nil }) do
      local old = vim.fn.maparg(key, 'i', false, true)
      if old.desc and vim.startswith(old.desc, 'rnncomplete: ') then
        old = nil
      end
      vim.keymap.set('i', key, function()
        return actions[action](key, old)
      end, { expr = true, desc = 'rnncomplete: ' .. action:gsub('_', ' ') })
    end
  end
end

local function attach(buf)
  if not api.nvim_buf_is_loaded(buf) or not config.wanted(buf) or server.client(buf) then
    return
  end
  local id = server.attach(buf)
  if id and config.options.engine == 'builtin' then
    builtin.attach(id)
  end
end

local function listen()
  group = api.nvim_create_augroup('rnncomplete', {})
  local function on(events, call)
    api.nvim_create_autocmd(events, { group = group, callback = function(event)
      if server.client(event.buf) then
        call(event.buf)
      end
    end })
  end
  api.nvim_create_autocmd({ 'FileType', 'BufEnter' }, { group = group, callback = function(event)
    attach(event.buf)
  end })
  if config.options.engine == 'own' then
    on('InsertEnter', ghost.entered)
    on({ 'TextChangedI', 'TextChangedP' }, ghost.changed)
    on('CursorMovedI', ghost.moved)
    on({ 'InsertLeave', 'BufLeave', 'WinLeave' }, ghost.left)
    on('CompleteChanged', ghost.hide)
  end
end

--- Begin. `options` are described in `:help rnncomplete-setup`.
function M.setup(options)
  config.set(options)
  if config.options.engine == 'builtin' and not builtin.available() then
    vim.notify("rnncomplete: engine = 'builtin' needs Neovim 0.12; ghosts are drawn by rnncomplete itself",
      vim.log.levels.WARN)
    config.options.engine = 'own'
  end
  vim.g.loaded_rnncomplete_setup = true
  api.nvim_set_hl(0, 'RNNCompleteGhost', { link = 'Comment', default = true })
  map_keys()
  listen()
  for _, buf in ipairs(api.nvim_list_bufs()) do
    attach(buf)
  end
end

--- Accept 'all', the next 'word' or the 'line' of the ghost.
function M.insert(piece)
  ghost.insert(pieces[piece])
end

function M.next()
  if config.options.engine == 'builtin' then
    builtin.cycle(1)
  else
    ghost.cycle(1)
  end
end

function M.previous()
  if config.options.engine == 'builtin' then
    builtin.cycle(-1)
  else
    ghost.cycle(-1)
  end
end

M.ask = ghost.ask
M.dismiss = ghost.dismiss

function M.toggle()
  local on = ghost.toggle()
  if config.options.engine == 'builtin' then
    vim.lsp.inline_completion.enable(on)
  end
end

--- For a status line: the style, the label of the text if the style tells labels, and the milliseconds of the last
--- ghost; '' where no server runs.
function M.statusline()
  if not server.client(0) then
    return ''
  elseif not ghost.enabled then
    return 'rnn off'
  end
  local status = server.status or {}
  local parts = { status.style or 'rnn' }
  if type(status.label) == 'table' and status.uri == vim.uri_from_bufnr(0) then
    parts[#parts + 1] = ('%s %.0f %%'):format(status.label.name, 100 * status.label.share)
  end
  if ghost.milliseconds then
    parts[#parts + 1] = ('%.0f ms'):format(math.max(1, ghost.milliseconds))
  end
  return table.concat(parts, ' ')
end

--- What `:RNNComplete` does, with what may follow.
M.commands = {
  style = function(rest)
    server.execute(0, 'rnncomplete.style', rest ~= '' and { rest } or {}, M.tell)
  end,
  learn = function()
    server.execute(0, 'rnncomplete.learn', {}, M.tell)
  end,
  forget = function()
    server.execute(0, 'rnncomplete.forget', {}, M.tell)
  end,
  toggle = M.toggle,
  status = function()
    local wanted, why = config.wanted(0)
    if not wanted then
      return vim.notify('rnncomplete: ' .. why)
    end
    server.execute(0, 'rnncomplete.status', { vim.uri_from_bufnr(0) }, function(answer)
      if ghost.reason and type(answer) == 'table' and answer.summary then
        answer.summary = answer.summary .. '; here: ' .. ghost.reason
      end
      M.tell(answer)
    end)
  end,
}

--- Say what a command has led to.
function M.tell(answer)
  if type(answer) ~= 'table' then
    answer = { summary = tostring(answer) }
  end
  if answer.problem then
    vim.notify('rnncomplete: ' .. answer.problem, vim.log.levels.ERROR)
  else
    vim.notify('rnncomplete: ' .. (answer.summary or 'done'))
  end
end

return M
