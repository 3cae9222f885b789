--- The ghost of the buffer that is written in: asked for after a key, kept while it is typed along, accepted in pieces.
---
--- The rules: a ghost is there only after typing; moving the cursor hides it; typing along it keeps the rest; deleting
--- what was typed away from it brings it back, but what was just deleted is never offered; where it was dismissed, it
--- stays away; while a menu is open there is none.
local config = require('rnncomplete.config')
local drawing = require('rnncomplete.drawing')
local server = require('rnncomplete.server')
local M = {}

local api = vim.api
local INVOKED, AUTOMATIC = 1, 2
local REMEMBERED = 64

--- Milliseconds from asking to the last answer; nil before the first.
M.milliseconds = nil
--- Why there is no ghost at the moment, for people; nil if that is not for us to say.
M.reason = 'nothing was typed yet'
--- Whether ghosts are on at all.
M.enabled = true

--- What there is to show, of one place in one buffer:
--- buf; row, col: where the items begin; head: the line before that; items: {text, tail}; index; rest: what is drawn.
local ghost = nil
--- The cursor after the last key: {buf, row, before, after, tick}.
local last = nil
--- What was deleted since the last typed character.
local deleted = ''
--- The request that is under way: {client, id, number}.
local asking = nil
local number = 0
local timer = nil
local remembered, dismissed = {}, {}

local function here(buf)
  local row, col = unpack(api.nvim_win_get_cursor(0))
  local line = api.nvim_get_current_line()
  return {
    buf = buf, row = row - 1, col = col, before = line:sub(1, col), after = line:sub(col + 1),
    tick = api.nvim_buf_get_changedtick(buf),
  }
end

local function place(at)
  return ('%d\0%d\0%s\0%s'):format(at.buf, at.row, at.before, at.after)
end

local function remember(memory, key, value)
  if vim.tbl_count(memory) >= REMEMBERED then
    for old in pairs(memory) do
      memory[old] = nil
    end
  end
  memory[key] = value
end

local function stop_asking()
  if timer then
    timer:stop()
  end
  number = number + 1 -- an answer that is on its way comes too late
  if asking then
    server.cancel(asking.client, asking.id)
    asking = nil
  end
end

--- What of an item is not typed yet, if all that was typed since its beginning belongs to it.
local function rest_of(item, at)
  if at.buf ~= ghost.buf or at.row < ghost.row or (at.row == ghost.row and at.col < ghost.col) then
    return nil
  end
  local first = api.nvim_buf_get_lines(at.buf, ghost.row, ghost.row + 1, false)[1]
  if not first or first:sub(1, ghost.col) ~= ghost.head then
    return nil
  end
  local typed = table.concat(api.nvim_buf_get_text(at.buf, ghost.row, ghost.col, at.row, at.col, {}), '\n')
  return vim.startswith(item.text, typed) and item.text:sub(#typed + 1) or nil
end

--- Draw what is left of the ghost at the cursor; false if nothing is.
local function show(at, note)
  drawing.clear(at.buf)
  local rest = ghost and rest_of(ghost.items[ghost.index], at) or ''
  if ghost then
    ghost.rest = ''
  end
  if rest == '' or dismissed[place(at)] or (deleted ~= '' and vim.startswith(rest, deleted:sub(1, 1))) then
    return false
  end
  ghost.rest = rest
  drawing.draw(at.buf, at.row, at.col, rest, note)
  return true
end

function M.hide()
  stop_asking()
  drawing.clear(ghost and ghost.buf or api.nvim_get_current_buf())
  ghost = nil
end

--- The byte in `line` of a place that is counted in units of `encoding`.
local function byte_of(line, units, encoding)
  if encoding == 'utf-8' then
    return math.min(units, #line)
  elseif vim.fn.has('nvim-0.11') == 1 then
    return vim.str_byteindex(line, encoding, units, false)
  end
  return vim.lsp.util._str_byteindex_enc(line, units, encoding)
end

local function items_of(result, client, cursor)
  local items = {}
  local list = result and (result.items or result) or {}
  for _, raw in ipairs(list) do
    local text = type(raw.insertText) == 'table' and raw.insertText.value or raw.insertText
    local range = raw.range or cursor.range
    if range.start.line == cursor.row and range['end'].line == cursor.row then
      local start = byte_of(cursor.line, range.start.character, client.offset_encoding)
      local stop = byte_of(cursor.line, range['end'].character, client.offset_encoding)
      if start <= cursor.col and stop >= cursor.col then
        items[#items + 1] = { text = text:gsub('\r\n?', '\n'), col = start, tail = stop - cursor.col }
      end
    end
  end
  return items
end

--- Ask for ghosts at the cursor; `chosen(items)` gets those of an invoked request, otherwise the first is shown.
local function ask(buf, kind, chosen)
  local client = server.client(buf)
  if not client then
    M.reason = 'no server runs for this buffer'
    return
  end
  stop_asking()
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = kind }
  local at = here(buf)
  local cursor = { row = at.row, col = at.col, line = at.before .. at.after }
  cursor.range = { start = params.position, ['end'] = params.position }
  number = number + 1
  local mine, began = number, vim.uv.hrtime()
  local ok, id = server.request(client, 'textDocument/inlineCompletion', params, function(err, result)
    if mine ~= number then
      return
    end
    asking = nil
    M.milliseconds = (vim.uv.hrtime() - began) / 1e6
    vim.cmd.redrawstatus()
    if err then
      M.reason = 'the server says: ' .. err.message
      return
    end
    local items = items_of(result, client, cursor)
    if #items == 0 then
      M.reason = nil -- the server's status has it
      return
    end
    local now = api.nvim_get_current_buf() == buf and api.nvim_get_mode().mode:match('^i') and here(buf)
    if not now or vim.fn.pumvisible() == 1 then
      return
    end
    local before = ghost
    local col = items[1].col
    ghost = { buf = buf, row = cursor.row, col = col, head = at.before:sub(1, col), items = items, index = 1, rest = '' }
    if chosen then
      chosen(before, now)
    else
      M.reason = not show(now) and 'the text has moved on' or nil
    end
  end, buf)
  asking = ok and { client = client, id = id } or nil
end

local function ask_soon(buf)
  stop_asking()
  if config.options.debounce <= 0 then
    return ask(buf, AUTOMATIC)
  end
  timer = timer or vim.uv.new_timer()
  timer:start(config.options.debounce, 0, vim.schedule_wrap(function()
    if api.nvim_get_current_buf() == buf and api.nvim_get_mode().mode:match('^i') then
      ask(buf, AUTOMATIC)
    end
  end))
end

--- What was deleted between two places, '' if that is not what happened.
local function removed(old, new)
  if old.buf ~= new.buf then
    return ''
  end
  if old.row == new.row and old.after == new.after and vim.startswith(old.before, new.before) then
    return old.before:sub(#new.before + 1)
  end
  return new.row == old.row - 1 and old.before == '' and '\n' or ''
end

--- A key changed the text.
function M.changed(buf)
  local at, old = here(buf), last
  if old and old.buf == buf and old.tick == at.tick then
    return
  end
  last = at
  if not M.enabled or vim.fn.reg_executing() ~= '' then
    return M.hide()
  end
  if vim.fn.pumvisible() == 1 then
    M.reason = 'a menu is open'
    return M.hide()
  end
  local gone = old and removed(old, at) or ''
  if gone ~= '' then
    deleted = gone .. deleted
    stop_asking()
    ghost = remembered[place(at)] or ghost
    show(at)
    M.reason = 'something was deleted; the next character brings a ghost'
    return
  end
  deleted = ''
  local shown = ghost and ghost.rest ~= '' and ghost
  if show(at) then
    return
  end
  if shown and old then
    remember(remembered, place(old), shown)
  end
  ghost = nil
  if dismissed[place(at)] then
    M.reason = 'the ghost of this place was dismissed'
  elseif config.options.automatic then
    ask_soon(buf)
  else
    M.reason = 'ghosts come only when asked for'
  end
end

--- The cursor moved; if the text changed as well, `changed` hears of it.
function M.moved(buf)
  local at = here(buf)
  if last and last.buf == buf and (last.tick ~= at.tick or (last.row == at.row and last.col == at.col)) then
    return
  end
  last, deleted = at, ''
  M.reason = 'the cursor was moved; ghosts come after typing'
  M.hide()
end

--- Insert mode begins here.
function M.entered(buf)
  last, deleted = here(buf), ''
end

function M.left()
  last = nil
  M.hide()
end

--- What is shown and still fits what stands before the cursor, '' if nothing: keys that came quickly one after another
--- may have changed the text without a word to us.
function M.text()
  if not ghost or ghost.rest == '' then
    return ''
  end
  return rest_of(ghost.items[ghost.index], here(api.nvim_get_current_buf())) or ''
end

--- Put what `piece` takes of the ghost into the text.
function M.insert(piece)
  local rest = M.text()
  if rest == '' then
    return
  end
  local at = here(api.nvim_get_current_buf())
  local item = ghost.items[ghost.index]
  local taken = piece(rest)
  local tail = taken == rest and math.min(item.tail, #at.after) or 0
  drawing.clear(at.buf)
  local lines = vim.split(taken, '\n', { plain = true })
  api.nvim_buf_set_text(at.buf, at.row, at.col, at.row, at.col + tail, lines)
  local row = at.row + #lines - 1
  api.nvim_win_set_cursor(0, { row + 1, #lines == 1 and at.col + #taken or #lines[#lines] })
  M.changed(at.buf)
end

function M.dismiss()
  if ghost then
    remember(dismissed, place(here(ghost.buf)), true)
    M.reason = 'the ghost of this place was dismissed'
  end
  M.hide()
end

--- Show the ghost that is `step` further; the first time others are asked for.
function M.cycle(step)
  local buf = api.nvim_get_current_buf()
  local function turn(at)
    ghost.index = (ghost.index - 1 + step) % #ghost.items + 1
    show(at, #ghost.items > 1 and ('(%d/%d)'):format(ghost.index, #ghost.items) or '(no other)')
  end
  if ghost and ghost.all then
    return turn(here(buf))
  end
  deleted = ''
  ask(buf, INVOKED, function(before, at)
    -- Those that are still possible, the one that was shown first.
    local first = before and before.rest ~= '' and before.rest
    local items, seen = {}, {}
    local function add(rest)
      if rest and rest ~= '' and not seen[rest] then
        seen[rest] = true
        items[#items + 1] = { text = rest, col = at.col, tail = 0 }
      end
    end
    add(first)
    for _, item in ipairs(ghost.items) do
      add(rest_of(item, at))
    end
    if #items == 0 then
      ghost = nil
      return
    end
    ghost = { buf = buf, row = at.row, col = at.col, head = at.before, items = items, index = 1, rest = '', all = true }
    dismissed[place(at)] = nil
    if first then
      turn(at)
    else
      show(at)
    end
  end)
end

--- Ask for a ghost here, where none came by itself.
function M.ask()
  local buf = api.nvim_get_current_buf()
  last, deleted = here(buf), ''
  dismissed[place(last)] = nil
  ask(buf, INVOKED)
end

function M.toggle()
  M.enabled = not M.enabled
  M.reason = M.enabled and 'nothing was typed yet' or 'ghosts are off'
  M.hide()
  local text = 'ghosts are ' .. (M.enabled and 'on' or 'off')
  if api.nvim_get_mode().mode:match('^i') then
    drawing.note(text) -- a message would be overwritten by "-- INSERT --"
  else
    vim.notify('rnncomplete: ' .. text)
  end
  return M.enabled
end

return M
