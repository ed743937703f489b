import type { JsonObject } from '../../contracts/json.ts';

/** A tool call as the fake makes it; arguments given as text are sent as they are, JSON or not. */
export interface FakeCall {
  readonly name: string;
  readonly arguments: JsonObject | string;
  readonly id?: string;
}

/** What the fake does with one request. */
export type Behaviour =
  | {
      readonly kind: 'answer';
      readonly text?: string;
      readonly calls?: readonly FakeCall[];
      readonly finishReason?: string;
      /** Pause before each chunk. */
      readonly chunkDelayMs?: number;
      /** False leaves the usage out, as some servers do. */
      readonly usage?: boolean;
    }
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly error: JsonObject;
    }
  /** Sends the text, then destroys the socket. */
  | { readonly kind: 'cut'; readonly text: string }
  /** Sends the text, then an error inside the stream. */
  | { readonly kind: 'stream_error'; readonly text: string; readonly error: JsonObject }
  /** Sends the text and ends the stream politely, without a finish reason. */
  | { readonly kind: 'unfinished'; readonly text: string }
  /** Sends the text, if any, then nothing, for this long. */
  | { readonly kind: 'silence'; readonly text?: string; readonly ms: number };

/** The part of a chat completion request that the fake reads. */
export interface ChatBody {
  readonly model?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly response_format?: {
    readonly type: string;
    readonly json_schema?: { readonly schema?: JsonObject };
  };
}

/** A message of a chat completion request. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
}

/** Errors as the vendor words them, by the name that `#name` asks for. */
export const FAULTS: Readonly<Record<string, Behaviour>> = {
  '429': {
    kind: 'error',
    status: 429,
    headers: { 'retry-after': '1' },
    error: {
      message: 'Rate limit reached for requests',
      type: 'requests',
      code: 'rate_limit_exceeded',
    },
  },
  '429ms': {
    kind: 'error',
    status: 429,
    headers: { 'retry-after-ms': '250', 'retry-after': '1' },
    error: {
      message: 'Rate limit reached for tokens',
      type: 'tokens',
      code: 'rate_limit_exceeded',
    },
  },
  quota: {
    kind: 'error',
    status: 429,
    error: {
      message: 'You exceeded your current quota, please check your plan and billing details.',
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    },
  },
  '500': {
    kind: 'error',
    status: 500,
    error: {
      message: 'The server had an error while processing your request',
      type: 'server_error',
    },
  },
  '503': {
    kind: 'error',
    status: 503,
    error: { message: 'The engine is currently overloaded', type: 'server_error' },
  },
  '401': {
    kind: 'error',
    status: 401,
    error: {
      message: 'Incorrect API key provided: sk-wrong***1234.',
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    },
  },
  context: {
    kind: 'error',
    status: 400,
    error: {
      message: "This model's maximum context length is 8192 tokens. Please reduce the length.",
      type: 'invalid_request_error',
      param: 'messages',
      code: 'context_length_exceeded',
    },
  },
  '400': {
    kind: 'error',
    status: 400,
    error: { message: 'Invalid value for temperature', type: 'invalid_request_error', code: null },
  },
  cut: { kind: 'cut', text: 'This answer breaks off in the' },
  interrupted: {
    kind: 'stream_error',
    text: 'This answer is',
    error: { message: 'The server is overloaded', type: 'server_error' },
  },
  unfinished: { kind: 'unfinished', text: 'This answer ends without a' },
  silence: { kind: 'silence', text: 'A word, and then', ms: 86_400_000 },
  mute: { kind: 'silence', ms: 86_400_000 },
};
