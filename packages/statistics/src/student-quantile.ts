import { MlanError } from "@mlan/core";

/**
 * Returns the quantile of Student's t distribution for a probability in 0..1, to about 12 digits. Inverts the finite
 * sums for whole degrees of freedom (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4) by bisection. Throws
 * `invalid-options` for degrees of freedom that are not a whole number, 1 or more.
 */
export function studentQuantile(probability: number, degreesOfFreedom: number): number {
  if (!Number.isInteger(degreesOfFreedom) || degreesOfFreedom < 1) {
    const message = `statistics: ${degreesOfFreedom} degrees of freedom; give a whole number, 1 or more.`;
    throw new MlanError("invalid-options", message);
  }
  if (!(probability > 0 && probability < 1)) return probability === 0 ? -Infinity : probability === 1 ? Infinity : NaN;
  const wanted = Math.abs(2 * probability - 1);
  // The angle whose tangent is t / sqrt(degrees of freedom).
  let [low, high] = [0, Math.PI / 2];
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (shareWithin(middle, degreesOfFreedom) < wanted) low = middle;
    else high = middle;
  }
  const quantile = Math.tan((low + high) / 2) * Math.sqrt(degreesOfFreedom);
  return probability < 0.5 ? -quantile : quantile;
}

/**
 * Returns the probability that Student's variable is between -t and t. `angle` is the angle whose tangent is t divided
 * by the square root of the degrees of freedom.
 */
function shareWithin(angle: number, degreesOfFreedom: number): number {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degreesOfFreedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = degreesOfFreedom === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= degreesOfFreedom - 2; power += 2) {
    term *= (cosine * cosine * (power - 1)) / power;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
