--- What of a ghost is accepted at a time. Only strings.
local M = {}

function M.all(ghost)
  return ghost
end

--- The next word with the blanks before it; punctuation that stands together is one.
function M.word(ghost)
  local characters = vim.fn.split(ghost, '\\zs')
  local i = 1
  while characters[i] and characters[i]:match('^%s') do
    i = i + 1
  end
  local class = characters[i] and vim.fn.charclass(characters[i])
  while characters[i] and not characters[i]:match('^%s') and vim.fn.charclass(characters[i]) == class do
    i = i + 1
  end
  return table.concat(characters, '', 1, i - 1)
end

--- The rest of the line; the whole next one if this line is at its end.
function M.line(ghost)
  return ghost:match('^\n?[^\n]*')
end

return M
