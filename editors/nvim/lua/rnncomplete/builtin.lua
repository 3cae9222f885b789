--- Ghosts by vim.lsp.inline_completion of Neovim 0.12, with what it lacks.
---
--- It waits 200 ms after a key, and what it accepts replaces the range of the answer: whoever types on and accepts before
--- the next answer would get the typed characters twice (neovim#36529). `mended` moves the range to the cursor.
local M = {}

function M.available()
  return vim.lsp.inline_completion ~= nil
end

--- An item as it has to be accepted now: `piece` of what is not typed yet; nil if something else was typed.
function M.mended(item, row, typed_line, piece)
  local range, text = item.range, item.insert_text
  if type(text) ~= 'string' or not range or range.start_row ~= row then
    return item
  end
  local typed = typed_line:sub(range.start_col + 1)
  if not vim.startswith(text, typed) then
    return nil
  end
  range.end_row, range.end_col = row, #typed_line
  item.insert_text = typed .. piece(text:sub(#typed + 1))
  return item
end

function M.attach(client_id)
  vim.lsp.inline_completion.enable(true, { client_id = client_id })
end

--- Accept; false if there was nothing.
function M.insert(piece)
  return vim.lsp.inline_completion.get({
    on_accept = function(item)
      local row, col = unpack(vim.api.nvim_win_get_cursor(0))
      return M.mended(item, row - 1, vim.api.nvim_get_current_line():sub(1, col), piece)
    end,
  })
end

function M.cycle(step)
  vim.lsp.inline_completion.select({ count = step })
end

return M
