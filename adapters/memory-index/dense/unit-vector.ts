import { AppError } from '../../../contracts/app-error.ts';

/**
 * The least cosine that is a likeness. Below it is a right angle, whose product of 32-bit numbers rounds
 * to a little more or less than zero; shares of the best score would make much of that little.
 */
export const LEAST_COSINE = 1e-6;

/** The vector at length 1, copied; one without a direction is refused. */
export function unitVector(values: Float32Array): Float32Array {
  let sum = 0;
  for (const value of values) sum += value * value;
  if (!(sum > 0) || !Number.isFinite(sum)) {
    throw new AppError('embedding.invalid', 'a vector needs finite numbers, not all of them zero');
  }
  const length = Math.sqrt(sum);
  return values.map((value) => value / length);
}
