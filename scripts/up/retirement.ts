import { certificateOf } from '../../migrations/lifecycle/certificate.ts';
import type { Coordinator } from '../../migrations/lifecycle/coordinator.ts';
import { NotRetiredError } from '../../migrations/lifecycle/errors.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { Actor, MoveOutcome } from '../../proxy/control/lifecycle.ts';
import type { Certificate, GuardRemoval, KeyRemoval, Retirement } from '../../proxy/control/retirement.ts';
import type { Config } from '../config/read.ts';
import { writeCertificate } from './certificates.ts';

/** What is left to do for a migration that is retired. */
export class RetirementOf implements Retirement {
  private readonly folder: string;
  private readonly journal: JournalFollower;
  private readonly coordinator: Coordinator;

  constructor(parts: { config: Config; journal: JournalFollower; coordinator: Coordinator }) {
    this.folder = parts.config.folder;
    this.journal = parts.journal;
    this.coordinator = parts.coordinator;
  }

  async certificate(migration: string): Promise<Certificate> {
    this.coordinator.capability(migration);
    await this.journal.refresh();
    const certificate = certificateOf(this.journal.entries, migration);
    if (certificate) return certificate;
    throw new NotRetiredError(migration, this.journal.state(migration).stage);
  }

  async dropGuard(migration: string, { name, reason }: Actor): Promise<GuardRemoval> {
    return { migration, ...(await this.coordinator.dropGuard(migration, name, reason)) };
  }

  async forgetKeys(migration: string, { name, reason }: Actor): Promise<KeyRemoval> {
    return { migration, ...(await this.coordinator.forgetKeys(migration, name, reason)) };
  }

  /**
   * Writes the certificates of what was retired just now. The journal has them too, so a full disk undoes nothing.
   *
   * @param together all that were retired by this move
   */
  async certify(outcome: MoveOutcome, together: readonly string[]): Promise<MoveOutcome> {
    const said = outcome.detail ? [outcome.detail] : [];
    try {
      const files: string[] = [];
      for (const migration of together)
        files.push(...(await writeCertificate(this.folder, await this.certificate(migration))));
      said.push(`certificate: ${files.join(', ')}`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      said.push(`no certificate was written (${why}); \`strangler certificate\` prints it`);
    }
    return { ...outcome, detail: said.join('; ') };
  }
}
