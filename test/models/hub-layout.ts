import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bytes, message, number, tinyModel } from '../inference/tiny-onnx.ts';

/** A folder as the hub lays out Whisper models; its weights are whole ONNX files, if of something else. */
export function hubLayout(): Record<string, Buffer | string> {
  return {
    'config.json': JSON.stringify({
      model_type: 'whisper',
      _name_or_path: 'openai/whisper-tiny.en',
      max_source_positions: 1500,
      decoder_layers: 4,
    }),
    'generation_config.json': JSON.stringify({ no_timestamps_token_id: 50362, is_multilingual: false }),
    'preprocessor_config.json': JSON.stringify({ sampling_rate: 16000, chunk_length: 30 }),
    'tokenizer.json': JSON.stringify({ model: { vocab: {} } }),
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'WhisperTokenizer' }),
    'onnx/encoder_model.onnx': tinyModel(),
    'onnx/decoder_model_merged.onnx': tinyModel(9),
  };
}

export async function writeFiles(dir: string, files: Record<string, Buffer | string>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
  return dir;
}

/** An ONNX file with a tensor of so many bytes that lie in a file beside it. */
export function withExternalData(location: string, offset: number, length: number): Buffer {
  const entry = (key: string, value: string) => message(13, bytes(1, key), bytes(2, value));
  const where = [entry('location', location), entry('offset', `${offset}`), entry('length', `${length}`)];
  const tensor = message(5, number(1, length / 4), number(2, 1), bytes(8, 'weights'), ...where, number(14, 1));
  return Buffer.concat([number(1, 7), message(7, bytes(2, 'graph'), tensor), message(8, bytes(1, ''), number(2, 13))]);
}
