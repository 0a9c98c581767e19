import { resolve } from 'node:path';
import type { Side } from '../../proxy/data-plane/exchange.ts';
import type { Answer } from '../../proxy/data-plane/shadow/compare.ts';
import type { ContractCheck, Violation } from '../../proxy/data-plane/shadow/recorded.ts';
import type { Config } from '../config/read.ts';
import { AnswerChecker } from './answer-checker.ts';

/** Holds the answers that a proxy recorded to the documents of the configuration. */
export class Contracts implements ContractCheck {
  #config: Config;
  readonly #checker: AnswerChecker;

  constructor(config: Config) {
    this.#config = config;
    this.#checker = new AnswerChecker(filesOf(config));
  }

  reconfigure(config: Config): void {
    this.#config = config;
    this.#checker.reconfigure(filesOf(config));
  }

  check(side: Side, service: string, path: string, answer: Answer): Promise<Violation[] | null> | null {
    const file = fileOf(this.#config, side, service);
    if (file === null) return null;
    const { status, headers, body } = answer;
    const contentType = headers['content-type'] ?? null;
    return this.#checker.check(file, { method: 'GET', path, status, contentType, body });
  }

  close(): void {
    this.#checker.close();
  }
}

function fileOf({ monolith, services, folder }: Config, side: Side, service: string): string | null {
  const file = side === 'monolith' ? monolith.openapi : services[service]?.openapi;
  return file === undefined ? null : resolve(folder, file);
}

function filesOf({ monolith, services, folder }: Config): string[] {
  const files = [monolith, ...Object.values(services)].flatMap(({ openapi }) => openapi ?? []);
  return [...new Set(files)].map((file) => resolve(folder, file));
}
