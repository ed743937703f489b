import { chromium, type Frame, type Page, type Request } from 'playwright-core';
import { choosePage, toVisit } from './tab.ts';
import type { Clip, OpenTab, Tab, TabFrame, TabLog, TabVisit } from './tab.ts';
import type { MessageSocket } from './websocket.ts';

/** Takes over a tab with Playwright. */
export const openTab: OpenTab = async (socket, request) => {
  const browser = await chromium.connectOverCDP(toTransport(socket), { noDefaults: true });
  const [context] = browser.contexts();
  if (context === undefined) throw new Error('the browser has no context');
  const pages = context.pages();
  const infos = await Promise.all(pages.map(infoOf));
  const { page, log } = choosePage({ pages, infos }, request);
  return new PlaywrightTab(page ?? (await context.newPage()), log);
};

type Transport = Exclude<Parameters<typeof chromium.connectOverCDP>[0], string> & {
  onmessage?: (message: object) => unknown;
};

function toTransport(socket: MessageSocket) {
  const transport: Transport & {
    send(message: object): void;
    close(): void;
    onclose?: () => void;
  } = {
    send: (message) => socket.send(JSON.stringify(message)),
    close: () => socket.close(),
  };
  socket.onMessage = (text) => {
    const message = JSON.parse(text) as object;
    // What is not DevTools' own must not end the process as a rejection that nobody handles.
    Promise.resolve(transport.onmessage?.(message)).catch(() => socket.close());
  };
  socket.onClose = () => transport.onclose?.();
  return transport;
}

async function infoOf(page: Page) {
  const session = await page.context().newCDPSession(page);
  const { targetInfo } = await session.send('Target.getTargetInfo');
  await session.detach();
  return targetInfo;
}

class PlaywrightTab implements Tab {
  readonly log: TabLog;
  #page: Page;

  constructor(page: Page, log: TabLog) {
    this.log = log;
    this.#page = page;
    this.#watch(page);
  }

  frames(): readonly TabFrame[] {
    const main = this.#page.mainFrame();
    return [main, ...this.#page.frames().filter((frame) => frame !== main)].map(toTabFrame);
  }

  url(): string {
    return this.#page.url();
  }

  async goto(url: string, timeoutMs: number): Promise<TabVisit> {
    const options = { timeout: timeoutMs, waitUntil: 'domcontentloaded' } as const;
    return toVisit(await this.#page.goto(url, options));
  }

  async back(timeoutMs: number): Promise<TabVisit | 'none'> {
    const session = await this.#page.context().newCDPSession(this.#page);
    const { currentIndex } = await session.send('Page.getNavigationHistory');
    await session.detach();
    if (currentIndex === 0) return 'none';
    const options = { timeout: timeoutMs, waitUntil: 'domcontentloaded' } as const;
    return toVisit(await this.#page.goBack(options));
  }

  async stop(): Promise<void> {
    const session = await this.#page.context().newCDPSession(this.#page);
    await session.send('Page.stopLoading');
    await session.detach();
  }

  async typeText(text: string): Promise<void> {
    await this.#page.keyboard.insertText(text);
  }

  async press(key: 'Enter' | 'Backspace'): Promise<void> {
    await this.#page.keyboard.press(key);
  }

  screenshot(clip: Clip | null): Promise<Uint8Array> {
    return this.#page.screenshot(clip === null ? {} : { fullPage: true, clip });
  }

  pdf(): Promise<Uint8Array> {
    return this.#page.pdf({ format: 'A4', printBackground: true });
  }

  async id(): Promise<string> {
    return (await infoOf(this.#page)).targetId;
  }

  #watch(page: Page): void {
    const { log } = this;
    const navigates = (request: Request): boolean => {
      return request.isNavigationRequest() && request.frame() === page.mainFrame();
    };
    page.on('dialog', (dialog) => {
      const answer = log.dialog(dialog.type(), dialog.message());
      (answer === 'accept' ? dialog.accept() : dialog.dismiss()).catch(() => undefined);
    });
    page.on('popup', (popup) => {
      log.newTab();
      this.#page = popup;
      this.#watch(popup);
    });
    page.on('crash', () => {
      log.crashed = true;
    });
    page.on('request', (request) => {
      if (isOfPage(navigates, request)) log.navigationBegins(request);
    });
    page.on('requestfailed', (request) => log.navigationFails(request));
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) log.navigated();
    });
  }
}

/** A document's first request has no frame yet, and says so by throwing. */
function isOfPage(navigates: (request: Request) => boolean, request: Request): boolean {
  try {
    return navigates(request);
  } catch {
    return false;
  }
}

function toTabFrame(frame: Frame): TabFrame {
  return {
    evaluate: (script) => frame.evaluate(script),
    element: async (script) => {
      const found = await frame.evaluateHandle<Node | null, null>(script, null);
      const element = found.asElement();
      if (element === null) return null;
      return { click: (timeoutMs) => element.click({ timeout: timeoutMs }) };
    },
  };
}
