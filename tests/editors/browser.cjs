// A browser with VS Code in it, for test_vscode.py: one JSON request a line on stdin, one JSON answer a line on stdout.
// usage: node browser.cjs CHROMIUM PLAYWRIGHT-CORE
const [chromiumPath, playwright] = process.argv.slice(2);
const { chromium } = require(playwright);
const readline = require('node:readline');

// What a person sees: lines without ghosts, the ghosts, the status bar, notifications.
function look() {
  const text = (element) => element.innerText.replaceAll('\u00a0', ' ').replaceAll('\u200b', '');
  const all = (selector) => [...document.querySelectorAll(selector)];
  const top = (element) => element.getBoundingClientRect().top;
  const lines = all('.editor-instance .view-lines .view-line').sort((a, b) => top(a) - top(b));
  const ghost = '.ghost-text-decoration, .ghost-text, .ghost-text-decoration-preview';
  return {
    lines: lines.map((line) => {
      const copy = line.cloneNode(true);
      copy.querySelectorAll(ghost).forEach((part) => part.remove());
      return copy.textContent.replaceAll('\u00a0', ' ').replaceAll('\u200b', '').replaceAll('\u200c', '').trimEnd();
    }),
    ghost: all('.editor-instance .view-lines .view-line').flatMap((line) => [...line.querySelectorAll(ghost)]).map(text).join(''),
    below: all('.editor-instance .suggest-preview-text .view-line, .editor-instance .view-zones .view-line').map((line) => text(line).trimEnd()),
    status: all('.statusbar-item').filter((item) => item.id.startsWith('rnncomplete.')).map(text).join('|'),
    tooltips: all('.statusbar-item').filter((item) => item.id.startsWith('rnncomplete.')).map((item) => item.getAttribute('aria-label') ?? '').join('|'),
    picks: all('.quick-input-widget:not([style*="display: none"]) .quick-input-list .monaco-list-row').map((row) => row.getAttribute('aria-label') ?? ''),
    notifications: all('.notification-list-item-message').map(text),
  };
}

(async () => {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage({ viewport: { width: 1000, height: 460 } });
  const devtools = page.context().newCDPSession(page);
  const does = {
    open: async ({ url }) => {
      await page.goto(url);
      await page.waitForSelector('.editor-instance .view-lines', { timeout: 90_000 });
    },
    focus: async () => page.locator('.editor-instance .view-lines').first().click({ force: true }),
    click: async ({ text }) => page.getByText(text, { exact: true }).first().click(),
    type: async ({ text, delay }) => page.keyboard.type(text, { delay }),
    // As an input method does: a text that may still change, then what becomes of it.
    compose: async ({ text }) => (await devtools).send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length }),
    commit: async ({ text }) => (await devtools).send('Input.insertText', { text }),
    press: async ({ key }) => page.keyboard.press(key),
    look: async () => page.evaluate(look),
    shot: async ({ path, clip }) => page.screenshot({ path, clip }),
  };
  console.log('{"ready": true}');
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      console.log(JSON.stringify({ value: (await does[request.do](request)) ?? null }));
    } catch (error) {
      console.log(JSON.stringify({ error: String(error) }));
    }
  }
  await browser.close();
})();
