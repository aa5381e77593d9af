-- Drives a Neovim that was configured as docs/editors/neovim.md says; writes what it saw as JSON.
local seen = { progress = {}, questions = {} }
local result = vim.env.LLM4COV_SEEN

local function wait(what, seconds, condition)
  if not vim.wait(seconds * 1000, condition, 20) then
    seen.failed = what
    vim.fn.writefile({ vim.fn.json_encode(seen) }, result)
    vim.cmd('cquit')
  end
end

local progress = vim.lsp.handlers['$/progress']
vim.lsp.handlers['$/progress'] = function(problem, message, context, config)
  table.insert(seen.progress, message.value.message or message.value.kind)
  return progress(problem, message, context, config)
end
vim.lsp.handlers['window/showMessageRequest'] = function(_, question)
  table.insert(seen.questions, question.message)
  return question.actions[1]
end

local bench = vim.api.nvim_get_current_buf()
wait('a client', 200, function() return #vim.lsp.get_active_clients() > 0 end)
local client = vim.lsp.get_active_clients()[1]
wait('the server', 200, function() return client.initialized and client.server_capabilities.codeLensProvider ~= nil end)

-- An error while typing, and its end.
local text = vim.api.nvim_buf_get_lines(bench, 0, -1, false)
vim.api.nvim_buf_set_lines(bench, 1, 1, false, { 'logic = ;' })
wait('an error', 200, function() return #vim.diagnostic.get(bench) > 0 end)
seen.error = vim.diagnostic.get(bench)[1].message
seen.error_line = vim.diagnostic.get(bench)[1].lnum
vim.api.nvim_buf_set_lines(bench, 0, -1, false, text)
wait('no error', 200, function() return #vim.diagnostic.get(bench) == 0 end)

-- The lens above the testbench.
local lenses
vim.lsp.buf_request(bench, 'textDocument/codeLens', { textDocument = { uri = vim.uri_from_bufnr(bench) } },
  function(_, answer) lenses = answer end)
wait('lenses', 200, function() return lenses ~= nil end)
seen.lenses = vim.tbl_map(function(lens) return lens.command.title end, lenses)

-- Close coverage, see progress, take the edit.
vim.cmd('Llm4cov close')
wait('an applied testbench', 600, function()
  return not vim.deep_equal(vim.api.nvim_buf_get_lines(bench, 0, -1, false), text)
end)
seen.lines = vim.api.nvim_buf_line_count(bench)

-- Holes and hover in the RTL.
vim.cmd('edit rtl/counter.sv')
local rtl = vim.api.nvim_get_current_buf()
local hover
vim.lsp.buf_request(rtl, 'textDocument/hover',
  { textDocument = { uri = vim.uri_from_bufnr(rtl) }, position = { line = 4, character = 30 } },
  function(_, answer) hover = answer or {} end)
wait('a hover', 200, function() return hover ~= nil end)
seen.hover = hover.contents and hover.contents.value or ''

vim.lsp.stop_client(vim.lsp.get_active_clients())
wait('the end', 200, function() return #vim.lsp.get_active_clients() == 0 end)
vim.fn.writefile({ vim.fn.json_encode(seen) }, result)
vim.cmd('qall!')
