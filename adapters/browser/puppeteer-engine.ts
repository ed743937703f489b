import {
  connect,
  type ConnectionTransport,
  type ElementHandle,
  type Frame,
  type HTTPRequest,
  type Page,
} from 'puppeteer-core';
import { choosePage, toVisit } from './tab.ts';
import type { Clip, OpenTab, Tab, TabFrame, TabLog, TabVisit } from './tab.ts';
import type { MessageSocket } from './websocket.ts';

const ANSWER_MS = 60_000;

/** Takes over a tab with Puppeteer. */
export const openTab: OpenTab = async (socket, request) => {
  const browser = await connect({
    transport: toTransport(socket),
    defaultViewport: null,
    protocolTimeout: ANSWER_MS,
  });
  const pages = await browser.pages();
  const infos = await Promise.all(pages.map(infoOf));
  const { page, log } = choosePage({ pages, infos }, request);
  return new PuppeteerTab(page ?? (await browser.newPage()), log);
};

function toTransport(socket: MessageSocket): ConnectionTransport {
  const transport: ConnectionTransport = {
    send: (message) => socket.send(message),
    close: () => socket.close(),
  };
  socket.onMessage = (text) => {
    // What is not DevTools' own must not end the process as a rejection that nobody handles.
    Promise.resolve<unknown>(transport.onmessage?.(text)).catch(() => socket.close());
  };
  socket.onClose = () => transport.onclose?.();
  return transport;
}

async function infoOf(page: Page) {
  const session = await page.createCDPSession();
  const { targetInfo } = await session.send('Target.getTargetInfo');
  await session.detach();
  return targetInfo;
}

class PuppeteerTab implements Tab {
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
    const session = await this.#page.createCDPSession();
    const { currentIndex } = await session.send('Page.getNavigationHistory');
    await session.detach();
    if (currentIndex === 0) return 'none';
    const options = { timeout: timeoutMs, waitUntil: 'domcontentloaded' } as const;
    return toVisit(await this.#page.goBack(options));
  }

  async stop(): Promise<void> {
    const session = await this.#page.createCDPSession();
    await session.send('Page.stopLoading');
    await session.detach();
  }

  async typeText(text: string): Promise<void> {
    await this.#page.keyboard.sendCharacter(text);
  }

  async press(key: 'Enter' | 'Backspace'): Promise<void> {
    await this.#page.keyboard.press(key);
  }

  screenshot(clip: Clip | null): Promise<Uint8Array> {
    return this.#page.screenshot(clip === null ? {} : { clip, captureBeyondViewport: true });
  }

  pdf(): Promise<Uint8Array> {
    return this.#page.pdf({ format: 'a4', printBackground: true });
  }

  async id(): Promise<string> {
    return (await infoOf(this.#page)).targetId;
  }

  #watch(page: Page): void {
    const { log } = this;
    const navigates = (request: HTTPRequest): boolean => {
      return request.isNavigationRequest() && request.frame() === page.mainFrame();
    };
    page.on('dialog', (dialog) => {
      const answer = log.dialog(dialog.type(), dialog.message());
      (answer === 'accept' ? dialog.accept() : dialog.dismiss()).catch(() => undefined);
    });
    page.on('popup', (popup) => {
      if (popup === null) return;
      log.newTab();
      this.#page = popup;
      this.#watch(popup);
    });
    page.on('error', () => {
      log.crashed = true;
    });
    page.on('request', (request) => {
      if (navigates(request)) log.navigationBegins(request);
    });
    page.on('requestfailed', (request) => log.navigationFails(request));
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) log.navigated();
    });
  }
}

function toTabFrame(frame: Frame): TabFrame {
  return {
    evaluate: (script) => frame.evaluate(script),
    element: async (script) => {
      const found = await frame.evaluateHandle(script);
      const element = found.asElement() as ElementHandle | null;
      if (element === null) return null;
      return { click: () => element.click() };
    },
  };
}
