import { resolve } from 'node:path';
import { ContractError, readContract } from '../../migrations/contracts/document.ts';
import { DatabaseError } from '../../migrations/databases/errors.ts';
import type { Finding } from '../../migrations/databases/finding.ts';
import type { Capability } from '../../migrations/lifecycle/capability.ts';
import { openSynced } from '../../migrations/lifecycle/capability.ts';
import { examine } from '../../migrations/lifecycle/examine.ts';
import { MappingError } from '../../migrations/mapping/problem.ts';
import { Link } from '../../migrations/transport/rabbitmq/connect.ts';
import { BrokerError } from '../../migrations/transport/rabbitmq/errors.ts';
import type { Config } from '../config/read.ts';
import { openCapabilities } from '../up/capabilities.ts';

/** A finding with the migration that it is about; null where it is about all of them. */
export interface Diagnosis extends Finding {
  migration: string | null;
}

/**
 * Looks at everything that the configuration names, without a control process: databases, applications, contracts and
 * broker. Changes nothing.
 *
 * @param names of the migrations; the caller knows that they exist
 */
export async function diagnose(config: Config, names: readonly string[]): Promise<Diagnosis[]> {
  const capabilities = openCapabilities(config);
  try {
    const all: Diagnosis[] = await broker(config);
    for (const name of names) {
      const capability = capabilities.byName.get(name);
      if (!capability) continue;
      const found = [
        ...(await applications(capability)),
        ...(await contracts(config, name)),
        ...(await databases(config, capability)),
      ];
      all.push(...found.map((finding) => ({ ...finding, migration: name })));
    }
    return withoutRepetition(all);
  } finally {
    await capabilities.close();
  }
}

async function applications(capability: Capability): Promise<Finding[]> {
  return (await capability.probe()).map((message) => ({
    id: 'application',
    severity: 'error',
    subject: `application ${capability.service}`,
    message,
    advice: 'start it, or mend its address or `health` in strangler.yaml',
  }));
}

async function contracts(config: Config, name: string): Promise<Finding[]> {
  const service = config.services[config.migrations[name]?.service ?? ''];
  const files = [config.monolith.openapi, service?.openapi].filter((file) => file !== undefined);
  const found = await Promise.all(
    files.map(async (file): Promise<Finding[]> => {
      try {
        await readContract(resolve(config.folder, file));
        return [];
      } catch (error) {
        if (!(error instanceof ContractError)) throw error;
        const advice = 'mend the file or its path (`openapi`) in strangler.yaml';
        return [
          { id: 'contract', severity: 'error', subject: `contract ${file}`, message: error.message, advice },
        ];
      }
    }),
  );
  return found.flat();
}

/** The mapping is judged only over databases that can be asked, and of tables that are there. */
async function databases(config: Config, capability: Capability): Promise<Finding[]> {
  const unfit = (id: string, message: string, advice: string): Finding[] => [
    { id, severity: 'error', subject: `databases of ${capability.name}`, message, advice },
  ];
  const found: Finding[] = [];
  try {
    found.push(...(await examine(capability)));
    if (found.some(({ id }) => id === 'table-missing')) return found;
    await openSynced(capability);
    return found;
  } catch (error) {
    if (error instanceof MappingError) {
      const mapping = error.problems.map(({ path, message }): Finding => {
        const subject = config.whereIs(['migrations', capability.name, 'tables', ...path]);
        return {
          id: 'mapping',
          severity: 'error',
          subject,
          message,
          advice: 'change the mapping, or the table',
        };
      });
      return [...found, ...mapping];
    }
    if (!(error instanceof DatabaseError)) throw error;
    const advice = 'start it, or mend its URL in strangler.yaml: address, name, user, password';
    return [...found, ...unfit('database', error.message, advice)];
  }
}

async function broker({ transport }: Config): Promise<Diagnosis[]> {
  if (transport === 'direct') return [];
  try {
    const link = await Link.open(transport.rabbitmq.url, 'doctor');
    await link.close();
    return [];
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    const advice = 'start it, or mend transport.rabbitmq in strangler.yaml';
    const rest = { subject: 'broker', message: error.message, advice, migration: null };
    return [{ id: 'broker', severity: 'error', ...rest }];
  }
}

/** Several migrations share the monolith, and what is wrong with it is told once. */
function withoutRepetition(all: readonly Diagnosis[]): Diagnosis[] {
  const told = new Set<string>();
  return all.filter(({ id, subject, message }) => {
    const spelled = `${id} ${subject} ${message}`;
    return !told.has(spelled) && told.add(spelled);
  });
}
