import { configJsonSchema, configMarkdown } from '#config';
import { print } from './terminal.ts';

export function printSchema(): void {
  print(JSON.stringify(configJsonSchema(), undefined, 2));
}

export function printDocs(): void {
  print(configMarkdown().trimEnd());
}
