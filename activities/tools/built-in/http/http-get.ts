import { AppError } from '../../../../contracts/app-error.ts';
import { HTTP_TIMEOUT_MS, MAX_URL_CHARS, guardedGet } from './guarded-get.ts';
import { decodeText, isTextType } from './read-body.ts';
import { readableHtml } from './readable-html.ts';
import type { GuardedAnswer, GuardedGetConfig } from './guarded-get.ts';
import type { Json } from '../../../../contracts/json.ts';
import { textOf } from '../text-argument.ts';
import type { Tool } from '../../tool.ts';

const MIB = 1024 * 1024;
const ACCEPT = 'text/*, application/json, application/xml;q=0.9, */*;q=0.1';

/** Settings of the `http_get` tool. */
export interface HttpGetConfig extends GuardedGetConfig {
  /** 5 MiB by default. */
  readonly maxResponseBytes?: number;
}

async function readAnswer(answer: GuardedAnswer): Promise<Json> {
  const { url, status, contentType } = answer;
  if (!isTextType(contentType)) {
    throw new AppError('tool.refused', `the response is ${contentType}, not text`);
  }
  const text = decodeText(await answer.bytes(), contentType);
  const base = { url: url.href, status, contentType };
  if (!/^(?:text\/html|application\/xhtml\+xml)/i.test(contentType)) return { ...base, text };
  return { ...base, ...readableHtml(text, url.href) };
}

/** A tool that reads public web pages and the operator's exempt services. */
export function createHttpGetTool(config: HttpGetConfig): Tool {
  const maxBytes = config.maxResponseBytes ?? 5 * MIB;
  return {
    name: 'http_get',
    description:
      'Reads a web page or an HTTP resource: its status, content type and text. HTML comes as ' +
      'readable text with title and links.',
    parameters: {
      type: 'object',
      properties: {
        url: {
          type: 'string',
          minLength: 1,
          maxLength: MAX_URL_CHARS,
          description: 'http or https',
        },
      },
      required: ['url'],
      additionalProperties: false,
    },
    effect: 'idempotent',
    timeoutMs: (config.timeoutMs ?? HTTP_TIMEOUT_MS) + 5_000,
    light: false,
    execute: (args, { signal }) =>
      guardedGet(
        { url: textOf(args, 'url'), accept: ACCEPT, maxBytes, signal },
        config,
        readAnswer,
      ),
  };
}
