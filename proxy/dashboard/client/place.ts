import { signal } from '@preact/signals';

/** What the page shows; it stands in the address, so that it can be kept, sent and gone back from. */
export type Place =
  | { view: 'overview' }
  | { view: 'migration'; name: string }
  | { view: 'routes'; query: URLSearchParams }
  | { view: 'moves' };

export const place = signal<Place>(read());

addEventListener('hashchange', () => (place.value = read()));

export const addressOf = {
  overview: '#/',
  routes: '#/routes',
  moves: '#/moves',
  migration: (name: string): string => `#/migrations/${encodeURIComponent(name)}`,
  routesOf: (name: string): string => `#/routes?${new URLSearchParams({ migration: name }).toString()}`,
};

/** Changes what stands in the address without a step in the history: a search is typed letter by letter. */
export function replaceQuery(query: URLSearchParams): void {
  const text = query.toString();
  history.replaceState(null, '', `#/routes${text === '' ? '' : `?${text}`}`);
  place.value = read();
}

function read(): Place {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [view, name] = path.split('/');
  if (view === 'migrations' && name) return { view: 'migration', name: decoded(name) };
  if (view === 'routes') return { view: 'routes', query: new URLSearchParams(query) };
  return view === 'moves' ? { view } : { view: 'overview' };
}

/** Somebody may have typed it. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
