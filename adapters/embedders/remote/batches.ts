/** How much goes into one request. */
export interface BatchSize {
  readonly texts: number;
  readonly bytes: number;
}

/** Texts in their order, divided so that no batch is larger; a text that alone is larger is alone. */
export function toBatches(texts: readonly string[], size: BatchSize): readonly string[][] {
  const batches: string[][] = [];
  let bytes = 0;
  for (const text of texts) {
    const more = Buffer.byteLength(text);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length >= size.texts || bytes + more > size.bytes) {
      batches.push([text]);
      bytes = more;
    } else {
      batch.push(text);
      bytes += more;
    }
  }
  return batches;
}
