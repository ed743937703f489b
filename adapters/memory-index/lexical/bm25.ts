/** How rare a term is: `ln(1 + (N - df + 0.5) / (df + 0.5))`, never negative. */
export function inverseDocumentFrequency(documents: number, containing: number): number {
  return Math.log(1 + Math.max(0, documents - containing + 0.5) / (containing + 0.5));
}

/** How much a term that occurs `count` times weighs; `relativeLength` is length ÷ average length. */
export function saturated(
  count: number,
  relativeLength: number,
  { k1, b }: { readonly k1: number; readonly b: number },
): number {
  return (count * (k1 + 1)) / (count + k1 * (1 - b + b * relativeLength));
}
