--- A ghost on the screen: grey text behind the cursor, further lines below it.
local M = {}
local namespace = vim.api.nvim_create_namespace('rnncomplete')

M.highlight = 'RNNCompleteGhost'

--- Tabs as blanks up to the next stop: in virtual text they would be drawn as ^I.
local function expand(line, column, tabstop)
  local out = {}
  for _, character in ipairs(vim.fn.split(line, '\\zs')) do
    local piece = character == '\t' and (' '):rep(tabstop - column % tabstop) or character
    column = column + vim.fn.strdisplaywidth(piece)
    out[#out + 1] = piece
  end
  return table.concat(out)
end

function M.clear(buf)
  if vim.api.nvim_buf_is_valid(buf) then
    vim.api.nvim_buf_clear_namespace(buf, namespace, 0, -1)
  end
end

--- Say something at the end of the cursor's line until the next key.
function M.note(text)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  vim.api.nvim_buf_set_extmark(0, namespace, row, 0, { virt_text = { { text, M.highlight } }, virt_text_pos = 'eol' })
end

--- Draw `ghost` at the 0-based byte position (row, col); `note` stands behind it.
function M.draw(buf, row, col, ghost, note)
  M.clear(buf)
  local tabstop = vim.bo[buf].tabstop
  local before = vim.api.nvim_buf_get_lines(buf, row, row + 1, true)[1]:sub(1, col)
  local lines = vim.split(ghost, '\n', { plain = true })
  local drawn = {}
  for i, line in ipairs(lines) do
    drawn[i] = { { expand(line, i == 1 and vim.fn.strdisplaywidth(before) or 0, tabstop), M.highlight } }
  end
  if note then
    table.insert(drawn[1], { ' ' .. note, M.highlight })
  end
  vim.api.nvim_buf_set_extmark(buf, namespace, row, col, {
    virt_text = drawn[1],
    virt_text_pos = 'inline',
    virt_lines = #drawn > 1 and vim.list_slice(drawn, 2) or nil,
    undo_restore = false,
    invalidate = false,
  })
end

return M
