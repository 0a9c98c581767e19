import { createApp } from './app.ts';
import { openDatabase } from './database.ts';
import { serve } from './http/serve.ts';

const url = process.env.MONOLITH_DATABASE_URL;
if (!url) {
  console.error('MONOLITH_DATABASE_URL is not set: postgres://user@host:port/database of the shop.');
  process.exit(1);
}
try {
  const database = await openDatabase(url);
  await serve('monolith', createApp(database), Number(process.env.PORT ?? 4000), () => database.destroy());
} catch (error) {
  console.error(`monolith cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
