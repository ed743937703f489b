import type { Json } from '../../../contracts/json.ts';
import type { EmbedUse } from '../port.ts';

/** How a service wants texts and gives vectors. */
export interface EmbeddingProtocol {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Texts that one request may hold. */
  readonly batchTexts: number;
  readonly body: (texts: readonly string[], use: EmbedUse) => object;
  /** The vectors as the answer has them, in the order of the texts; null: it has none. */
  readonly vectors: (answer: Json) => readonly Json[] | null;
}

/** A model and the service that has it. */
export interface EmbeddingModel {
  readonly model: string;
  readonly dim: number;
  /** Of the service, without the path of its method. */
  readonly baseUrl: string;
  readonly apiKey: string | null;
  /** Asks for vectors of `dim` numbers, where a model can give several lengths. */
  readonly askDim: boolean;
}

/** Address of a method below a base that may end in slashes. */
export function methodUrl(baseUrl: string, method: string): string {
  return `${baseUrl.replace(/\/+$/, '')}/${method}`;
}
