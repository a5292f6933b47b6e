import { clusterBootstrapMean, proportionInterval, wilsonInterval } from "@mlan/statistics";
import { expect, test } from "vitest";

const values = Array.from({ length: 60 }, (_, index) => (Math.floor(index / 4) % 3 === 0 ? 0 : 1));
const keys = values.map((_, index) => `image ${Math.floor(index / 4)}`);

test("is Wilson's if all items are independent", () => {
  const wilson = { ...wilsonInterval({ successes: 40, trials: 60 }), method: "wilson" };
  expect(proportionInterval({ values })).toEqual(wilson);
  expect(proportionInterval({ values, clusters: values.map((_, index) => `${index}`) })).toEqual(wilson);
});

test("is the bootstrap's if items share clusters, clipped to 0..1", () => {
  const { low, high } = clusterBootstrapMean({ values, clusters: keys }).interval;
  expect(proportionInterval({ values, clusters: keys })).toEqual({
    low,
    high,
    level: 0.95,
    method: "cluster-bootstrap",
  });
  const nearlyAll = values.map((_, index) => (index % 20 === 0 ? 0 : 1));
  expect(clusterBootstrapMean({ values: nearlyAll, clusters: keys }).interval.high).toBeGreaterThan(1);
  expect(proportionInterval({ values: nearlyAll, clusters: keys })?.high).toBe(1);
});

test.each([0, 1])("counts clusters as trials where all values are %d", (value) => {
  const equal = values.map(() => value);
  expect(proportionInterval({ values: equal, clusters: keys, level: 0.9 })).toEqual({
    ...wilsonInterval({ successes: value * 15, trials: 15, level: 0.9 }),
    method: "wilson",
  });
});

test("is undefined for a single cluster", () => {
  expect(proportionInterval({ values: [0, 1], clusters: ["a", "a"] })).toBeUndefined();
});
