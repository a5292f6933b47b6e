import { BackendError } from "@mlan/backend-onnx";
import { MlanError } from "@mlan/core";
import { CodedError } from "@mlan/errors";
import { PytorchFileError } from "@mlan/pytorch-files";
import { SafetensorsError } from "@mlan/safetensors";
import { expect, test } from "vitest";

const errors = [
  { type: MlanError, error: new MlanError("invalid-data", "a row is empty") },
  { type: BackendError, error: new BackendError("library", "no library") },
  { type: SafetensorsError, error: new SafetensorsError("missing", "no file") },
  { type: PytorchFileError, error: new PytorchFileError("damaged", "no end") },
];

test.each(errors)("$type.name is a coded error, and no other class recognizes it", ({ type, error }) => {
  expect(CodedError.is(error)).toBe(true);
  expect(CodedError.is(error, error.code)).toBe(true);
  expect(CodedError.is(error, "another code")).toBe(false);
  expect(errors.filter((other) => other.type.is(error)).map((other) => other.type)).toEqual([type]);
  expect(error.toString()).toBe(`${type.name}: ${error.message}`);
});
