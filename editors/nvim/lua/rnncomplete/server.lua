--- The language server: finding it, starting it for a buffer, talking to it.
local config = require('rnncomplete.config')
local M = { name = 'rnncomplete' }

M.install_hint = "rnncomplete is not installed: `pipx install 'rnncomplete[lsp]'`, or set `cmd` in setup()"

--- The command of the server, or nil and what is missing.
function M.command()
  if config.options.cmd then
    local program = config.options.cmd[1]
    if vim.fn.executable(program) == 1 then
      return config.options.cmd
    end
    return nil, ('cmd[1] is %q, which cannot be run'):format(program)
  end
  for _, program in ipairs({ vim.fn.exepath('rnncomplete'), vim.fn.expand('~/.local/bin/rnncomplete') }) do
    if program ~= '' and vim.fn.executable(program) == 1 then
      return { program, 'lsp' }
    end
  end
  return nil, M.install_hint
end

local function root(buf)
  return vim.fs.root(buf, { '.git', '.hg', 'rnncomplete.toml', 'pyproject.toml', 'package.json', 'Cargo.toml', 'go.mod' })
end

local told = false

--- Start the server for a buffer, or use the one that runs for its project.
function M.attach(buf)
  local command, missing = M.command()
  if not command then
    if not told then
      told = true
      vim.notify('rnncomplete: ' .. missing, vim.log.levels.WARN)
    end
    return nil
  end
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  capabilities.experimental = { rnncompleteStatus = true }
  local settings = { rnncomplete = config.options.settings }
  return vim.lsp.start({
    name = M.name,
    cmd = command,
    root_dir = root(buf),
    capabilities = capabilities,
    init_options = settings.rnncomplete,
    settings = settings,
    handlers = {
      ['rnncomplete/status'] = function(_, status)
        M.status = status
        vim.cmd.redrawstatus()
      end,
    },
    get_language_id = function(_, filetype)
      return config.language(filetype)
    end,
  }, { bufnr = buf })
end

function M.client(buf)
  return vim.lsp.get_clients({ name = M.name, bufnr = buf })[1]
end

--- client.request of Neovim 0.10 and client:request of later ones.
function M.request(client, method, params, handler, buf)
  if vim.fn.has('nvim-0.11') == 1 then
    return client:request(method, params, handler, buf)
  end
  return client.request(method, params, handler, buf)
end

function M.cancel(client, id)
  if vim.fn.has('nvim-0.11') == 1 then
    client:cancel_request(id)
  else
    client.cancel_request(id)
  end
end

--- What the server has said of the text that was written in last: {uri, style, label, why}.
M.status = nil

--- Run a command of the server; `done(result)` has its answer.
function M.execute(buf, command, arguments, done)
  local client = M.client(buf)
  if not client then
    vim.notify('rnncomplete: no server runs for this buffer; `:checkhealth rnncomplete` says why', vim.log.levels.WARN)
    return
  end
  M.request(client, 'workspace/executeCommand', { command = command, arguments = arguments }, function(err, result)
    if err then
      vim.notify('rnncomplete: ' .. err.message, vim.log.levels.ERROR)
    elseif done then
      done(result)
    end
  end, buf)
end

return M
