/**
 * The fields that tests look at in any answer. An answer that lacks one fails the test that looks, so
 * those are optional only where tests ask whether they are there.
 */
export interface AnswerBody {
  readonly id: string;
  readonly code: string;
  readonly detail: string;
  readonly instance: string;
  readonly status: string;
  readonly name: string;
  readonly number: number;
  readonly role: string;
  readonly key: string;
  readonly version?: string;
  readonly versionId?: string;
  readonly threadId: string;
  readonly stepId: string;
  readonly seq: number;
  readonly lastEventSeq: number;
  readonly cancelRequested: boolean;
  readonly valid: boolean;
  readonly openapi: string;
  readonly paths: object;
  readonly type: string;
  readonly fromVersionId: string | null;
  readonly toVersionId: string | null;
  readonly nextCursor: string | null;
  readonly checks: { readonly database: boolean };
  readonly labels: { readonly latest: string; readonly prod: string };
  readonly input: { readonly $blob: string };
  readonly state: { readonly messages: unknown };
  readonly message: { readonly content: unknown };
  readonly decision: {
    readonly decisionId: string;
    readonly decidedAt: string;
    readonly value: { readonly $blob: string };
  };
  readonly items: readonly AnswerBody[];
  readonly problems: readonly { readonly pointer: string; readonly code: string }[];
}

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: AnswerBody;
}

/** Reads an answer; the body of one that is not JSON has no fields. */
export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json') && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (isJson ? JSON.parse(text) : {}) as AnswerBody,
  };
}
