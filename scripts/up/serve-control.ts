import type { Logger } from 'pino';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import { OidcProvider, type OidcSettings } from '../../proxy/control/auth/oidc/oidc.ts';
import { readTokens } from '../../proxy/control/auth/tokens.ts';
import type { Lifecycle } from '../../proxy/control/lifecycle.ts';
import { splitAddress } from '../../proxy/data-plane/lane/listen-address.ts';
import { startControl, type Control } from '../../proxy/control/server.ts';
import type { Config } from '../config/read.ts';
import { answersIn, sessionsIn } from './keep.ts';

/** Starts the control API for whom configuration and environment let in; sessions and answers are in the store. */
export async function serveControl(
  { control: { listen, url, oidc } }: Config,
  store: ControlStore,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<Control> {
  const answers = answersIn(store);
  const pageUrl = (url ?? `http://${listen}`).replace(/\/$/, '');
  const control = await startControl({
    lifecycle,
    listen: splitAddress(listen),
    tokens: readTokens(process.env),
    logger,
    secure: pageUrl.startsWith('https:'),
    oidc: oidc ? new OidcProvider(oidcSettings(oidc, pageUrl), logger) : null,
    sessions: sessionsIn(store),
    answers,
  });
  const close = async (): Promise<void> => {
    await control.close();
    answers.close();
  };
  return { url: control.url, close };
}

function oidcSettings(
  { clientSecret, audience, ...rest }: NonNullable<Config['control']['oidc']>,
  pageUrl: string,
): OidcSettings {
  return {
    ...rest,
    clientSecret: clientSecret ?? null,
    audience: audience ?? rest.clientId,
    redirectUrl: `${pageUrl}/v1/session/oidc/callback`,
  };
}
