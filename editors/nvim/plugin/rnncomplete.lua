-- Commands; the rest begins with require('rnncomplete').setup().
if vim.g.loaded_rnncomplete then
  return
end
vim.g.loaded_rnncomplete = true

if vim.fn.has('nvim-0.10') == 0 then
  vim.notify('rnncomplete needs Neovim 0.10 or later', vim.log.levels.WARN)
  return
end

vim.api.nvim_create_user_command('RNNComplete', function(call)
  local rnncomplete = require('rnncomplete')
  local word, rest = call.args:match('^(%S+)%s*(.-)%s*$')
  local command = rnncomplete.commands[word]
  if not command then
    local known = vim.tbl_keys(rnncomplete.commands)
    table.sort(known)
    vim.notify(('rnncomplete: %q is not a command; there are %s'):format(word, table.concat(known, ', ')),
      vim.log.levels.ERROR)
    return
  end
  command(rest)
end, {
  nargs = '+',
  desc = 'rnncomplete: style, learn, forget, toggle, status',
  complete = function(lead)
    return vim.tbl_filter(function(word)
      return vim.startswith(word, lead)
    end, { 'forget', 'learn', 'status', 'style', 'toggle' })
  end,
})
