import { createApp } from './app.ts';
import { openDatabase } from './database.ts';
import { listen, serve } from './http/serve.ts';
import { createInternalApp } from './internal/app.ts';

const url = process.env.MONOLITH_DATABASE_URL;
if (!url) {
  console.error('MONOLITH_DATABASE_URL is not set: postgres://user@host:port/database of the shop.');
  process.exit(1);
}
try {
  const database = await openDatabase(url);
  // The services that have left need it; without them nobody listens there.
  const internal = process.env.INTERNAL_PORT
    ? await listen(createInternalApp(database), Number(process.env.INTERNAL_PORT))
    : null;
  if (internal) console.log(`monolith takes steps of a checkout at ${internal.url}`);
  await serve(
    'monolith',
    createApp(database, process.env.SHOP_URL),
    Number(process.env.PORT ?? 4000),
    async () => {
      await internal?.close();
      await database.destroy();
    },
  );
} catch (error) {
  console.error(`monolith cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
