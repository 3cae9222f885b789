--- `:checkhealth rnncomplete`
local M = {}

function M.check()
  local health = vim.health
  local config = require('rnncomplete.config')
  local server = require('rnncomplete.server')
  local builtin = require('rnncomplete.builtin')

  health.start('rnncomplete: Neovim')
  health.ok(('Neovim %s'):format(tostring(vim.version())))
  health.info(('ghosts are drawn by %s'):format(
    config.options.engine == 'builtin' and 'vim.lsp.inline_completion' or 'rnncomplete itself'))
  if not builtin.available() then
    health.info("engine = 'builtin' needs Neovim 0.12")
  end
  if vim.g.loaded_rnncomplete_setup then
    health.ok('setup() was called')
  else
    health.error('setup() was not called', "put require('rnncomplete').setup() into init.lua")
  end

  health.start('rnncomplete: the server')
  local command, missing = server.command()
  if not command then
    health.error(missing)
  else
    health.ok('command: ' .. table.concat(command, ' '))
    local program = config.options.cmd and nil or command[1]
    if program then
      local version = vim.system({ program, '--version' }, { text = true }):wait(10000)
      local lsp = vim.system({ program, 'lsp', '--help' }, { text = true }):wait(10000)
      if version.code == 0 then
        health.ok(vim.trim(version.stdout))
      else
        health.error(('`%s --version` failed: %s'):format(program, vim.trim(version.stderr or '')))
      end
      if lsp.code ~= 0 then
        health.error('this rnncomplete has no language server', "pipx install --force 'rnncomplete[lsp]'")
      end
    end
  end
  local clients = vim.lsp.get_clients({ name = server.name })
  if #clients == 0 then
    health.warn('no server runs', 'open a file; `:LspLog` has what went wrong')
  end
  for _, client in ipairs(clients) do
    local info = client.server_info or {}
    health.ok(('server %d: %s %s, positions in %s, folder %s'):format(client.id, info.name or '?', info.version or '',
      client.offset_encoding, client.root_dir or '-'))
    if not client.server_capabilities.inlineCompletionProvider then
      health.error('it has no inline completion: is it another program?')
    end
  end

  health.start('rnncomplete: keys')
  for action, keys in vim.spairs(config.options.keys) do
    for _, key in ipairs(type(keys) == 'table' and keys or { keys or nil }) do
      local map = vim.fn.maparg(key, 'i', false, true)
      if map.desc and vim.startswith(map.desc, 'rnncomplete: ') then
        health.ok(('%s: %s'):format(key, action))
      else
        health.warn(('%s should be %s, but another plugin has taken it'):format(key, action),
          'call setup() after that plugin, or choose another key')
      end
    end
  end
end

return M
