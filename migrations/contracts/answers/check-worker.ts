import { parentPort, workerData } from 'node:worker_threads';
import { readContract } from '../document.ts';
import { compileContract, type AnswerCheck, type RecordedAnswer, type Violation } from './check.ts';

/** An answer on its way to the worker, with the file of the document that it is held to. */
export interface CheckJob {
  id: number;
  file: string;
  answer: RecordedAnswer;
}

interface CheckReply {
  id: number;
  /** Null when the document cannot be used. */
  said: Violation[] | null;
}

const files = workerData as readonly string[];
const checks = new Map<string, Promise<AnswerCheck | null>>(
  files.map((file) => [file, readContract(file).then(compileContract, () => null)]),
);

async function reply({ id, file, answer }: CheckJob): Promise<CheckReply> {
  try {
    const check = await checks.get(file);
    return { id, said: check?.check(answer) ?? null };
  } catch {
    // A schema that ajv cannot make anything of: the document as such may be fine, and nothing can be said of the answer.
    return { id, said: null };
  }
}

parentPort?.on('message', (job: CheckJob) => void reply(job).then((said) => parentPort?.postMessage(said)));
