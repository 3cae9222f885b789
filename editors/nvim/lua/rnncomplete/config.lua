--- What a user may choose, with the defaults.
local M = {}

M.defaults = {
  --- The program and its arguments; nil: `rnncomplete lsp`, found by `require('rnncomplete.server').command()`.
  cmd = nil,
  --- What the server is told; see `:help rnncomplete-settings`.
  settings = { style = 'auto', styles = vim.empty_dict(), off = {}, ignore = {}, learn = true, alternatives = 3 },
  --- 'own' draws ghosts itself, 'builtin' leaves that to vim.lsp.inline_completion of Neovim 0.12.
  engine = 'own',
  --- Milliseconds without a key before a ghost is asked for.
  debounce = 0,
  --- Whether ghosts come while typing; otherwise only when asked for.
  automatic = true,
  --- A key or a list of keys each; false: none.
  keys = {
    accept = '<Tab>',
    accept_word = { '<M-f>', '<C-Right>' },
    accept_line = { '<M-e>', '<M-Right>' },
    next = '<M-]>',
    previous = '<M-[>',
    ask = '<M-Bslash>',
    dismiss = '<C-]>',
    toggle = '<M-g>',
  },
}

M.options = vim.deepcopy(M.defaults)

--- Languages as the protocol names them, where Neovim's filetype is another word.
M.languages = {
  bash = 'shellscript', cs = 'csharp', gitcommit = 'git-commit', gitrebase = 'git-rebase', help = 'plaintext',
  javascriptreact = 'javascriptreact', plaintex = 'tex', sh = 'shellscript', tex = 'latex', text = 'plaintext',
  typescriptreact = 'typescriptreact', zsh = 'shellscript', [''] = 'plaintext',
}

function M.language(filetype)
  return M.languages[filetype] or filetype
end

--- Whether a buffer is one that somebody writes, in a language and a file that are not switched off.
function M.wanted(buf)
  if vim.bo[buf].buftype ~= '' or not vim.bo[buf].modifiable then
    return false, 'this is not a text that is edited'
  end
  local filetype = vim.bo[buf].filetype
  local off = M.options.settings.off or {}
  if vim.list_contains(off, filetype) or vim.list_contains(off, M.language(filetype)) then
    return false, ('%s is among the languages that are off'):format(M.language(filetype))
  end
  local name = vim.fs.normalize(vim.api.nvim_buf_get_name(buf))
  for _, pattern in ipairs(M.options.settings.ignore or {}) do
    local glob = vim.glob.to_lpeg(pattern)
    if glob:match(name) or glob:match(vim.fs.basename(name)) or vim.glob.to_lpeg('**/' .. pattern):match(name) then
      return false, ('the file matches %q, which is ignored'):format(pattern)
    end
  end
  return true
end

function M.set(options)
  M.options = vim.tbl_deep_extend('force', vim.deepcopy(M.defaults), options or {})
end

return M
