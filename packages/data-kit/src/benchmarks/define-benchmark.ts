import { type Benchmark, checkOptions, fileLocation, type Location, type Question } from "@mlan/core";
import { z } from "zod";
import { firstMention } from "../answers/strict-extractors.ts";
import type { FileSource } from "../files/file-source.ts";
import { type SourceOptions, sourceOptions } from "../files/source-options.ts";
import { imageColumnsOf } from "../images/image-columns.ts";
import { type RowReader, rowsFrom } from "../rows/rows-from.ts";
import { benchmarkFromRows, protocolsOf, type ProtocolsDefinition } from "./benchmark-from-rows.ts";
import { type Published, publishedCard, publishedSource } from "./published.ts";

/** The options of a benchmark that was defined with {@link defineBenchmark}. */
export interface BenchmarkOptions extends SourceOptions {
  /**
   * Folder or zip archive of images that rows refer to by name. Default: `images/` in the folder of the rows, then that
   * folder itself.
   */
  readonly images?: Location;
}

export interface BenchmarkDefinition<Shape extends z.ZodRawShape, Q extends Question> extends ProtocolsDefinition<
  NoInfer<Q>
> {
  /** The benchmark's name, e.g. "boolq". All errors about its data begin with `data-<name>`. */
  readonly name: string;
  readonly published: Published & {
    /**
     * Patterns in order of preference. The first pattern that matches a file is used, and all files that match it are
     * read. JSON arrays, JSON lines and Parquet are detected from the content; text tables end in `.csv` or `.tsv`.
     */
    readonly files: readonly string[];
  };
  /** The columns to read. A file may have more columns. Columns with images are {@link imageColumn}, or lists of it. */
  readonly row: z.ZodObject<Shape>;
  /**
   * Whether to read images inside Parquet files when the benchmark is opened. `imageIdentity` then recognizes equal
   * images. Default false.
   */
  readonly identifyImages?: boolean;
  /** Returns the id of a row. Repeated ids are followed by "#2", "#3", ... Default: the row number. */
  id?(row: z.output<z.ZodObject<Shape>>, index: number): string;
  /** Creates the question of a row. `id` is unique in the benchmark. Must be pure. */
  question(row: z.output<z.ZodObject<Shape>>, id: string): Q;
}

/** Like {@link BenchmarkDefinition}, for rows that are joined from several tables with images. */
export interface JoinedBenchmarkDefinition<Row, Q extends Question> extends ProtocolsDefinition<NoInfer<Q>> {
  readonly name: string;
  readonly published: Published;
  rows(places: RowPlaces): RowReader<Row>;
  id?(row: Row, index: number): string;
  question(row: Row, id: string): Q;
}

/** The sources of {@link JoinedBenchmarkDefinition.rows}. */
export interface RowPlaces {
  readonly source: FileSource;
  /** The beginning of every error. */
  readonly errorPrefix: string;
  readonly images?: Location;
}

/**
 * Returns the function that creates a benchmark. The benchmark reads the published data, or the copy that the
 * function's options name. The function throws `invalid-options` for options that do not apply: `images` requires rows
 * with images, `file` rows in one table, and `hub` data published on the Hub. Throws `contract` for a benchmark without
 * a protocol, or with several and no default. {@link firstMention} can also read stored answers unless `extractors` is
 * set.
 */
export function defineBenchmark<Shape extends z.ZodRawShape, Q extends Question>(
  definition: BenchmarkDefinition<Shape, Q>,
): (options?: BenchmarkOptions) => Benchmark<Q>;
export function defineBenchmark<Row, Q extends Question>(
  definition: JoinedBenchmarkDefinition<Row, Q>,
): (options?: BenchmarkOptions) => Benchmark<Q>;
export function defineBenchmark<Shape extends z.ZodRawShape, Row, Q extends Question>(
  definition: BenchmarkDefinition<Shape, Q> | JoinedBenchmarkDefinition<Row, Q>,
): (options?: BenchmarkOptions) => Benchmark<Q> {
  return "rows" in definition ? fromTables(definition) : fromOneTable(definition);
}

function fromOneTable<Shape extends z.ZodRawShape, Q extends Question>({
  row,
  identifyImages = false,
  published: { files, ...published },
  ...definition
}: BenchmarkDefinition<Shape, Q>): (options?: BenchmarkOptions) => Benchmark<Q> {
  const column = imageColumnsOf(row);
  const hasImages = column.length > 0;
  return made({ ...definition, published }, { file: true, images: hasImages }, ({ source, errorPrefix, images }) =>
    rowsFrom({
      errorPrefix,
      source,
      files,
      schema: row,
      ...(hasImages && { images: { column, identify: identifyImages, ...(images && { at: images }) } }),
    }),
  );
}

function fromTables<Row, Q extends Question>({
  rows,
  ...definition
}: JoinedBenchmarkDefinition<Row, Q>): (options?: BenchmarkOptions) => Benchmark<Q> {
  return made(definition, { file: false, images: true }, rows);
}

function made<Row, Q extends Question>(
  definition: Omit<JoinedBenchmarkDefinition<Row, Q>, "rows">,
  takes: { readonly file: boolean; readonly images: boolean },
  rows: (places: RowPlaces) => RowReader<Row>,
): (options?: BenchmarkOptions) => Benchmark<Q> {
  const { published, ...asked } = definition;
  const errorPrefix = `data-${definition.name}`;
  const schema: z.ZodType<BenchmarkOptions> = allOptions.omit({
    ...(!takes.file && { file: true }),
    ...("location" in published && { hub: true }),
    ...(!takes.images && { images: true }),
  });
  const benchmarkOf = (options: BenchmarkOptions): Benchmark<Q> => {
    const { images, ...named } = checkOptions(errorPrefix, schema, options);
    const source = publishedSource(published, named, errorPrefix);
    return benchmarkFromRows({
      extractors: [firstMention],
      ...asked,
      card: publishedCard(published, named),
      rows: rows({ source, errorPrefix, ...(images && { images }) }),
    });
  };
  // Wrong protocols throw when the benchmark is defined, not when it is first used.
  protocolsOf<Q>(asked);
  return (options = {}) => benchmarkOf(options);
}

const allOptions = z.strictObject({ ...sourceOptions, images: fileLocation.exactOptional() });
