import { createApp } from './app.ts';
import { openDatabase } from './database.ts';
import { serve } from './http/serve.ts';

const url = process.env.CATALOG_DATABASE_URL;
if (!url) {
  console.error('CATALOG_DATABASE_URL is not set: postgres://user@host:port/database of the catalog.');
  process.exit(1);
}
try {
  const database = await openDatabase(url);
  await serve('catalog', createApp(database), Number(process.env.PORT ?? 4101), () => database.destroy());
} catch (error) {
  console.error(`catalog cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
