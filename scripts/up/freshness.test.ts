import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CanaryBed, until, type ProxyOfBed } from '../testing/canary-bed.ts';

let bed: CanaryBed;
let proxies: [ProxyOfBed, ProxyOfBed];
beforeEach(async () => {
  bed = await CanaryBed.start();
  proxies = [await bed.startProxy(), await bed.startProxy()];
  for (const { url } of proxies)
    await until(async () => (await new Client('neither').read(1, url)).side === 'service');
}, 120_000);
afterEach(() => bed.close());

interface Answer {
  side: string;
  qty: number;
}

/** A client that carries what it is given in its own way, and knows what it wrote. */
class Client {
  readonly carries: 'cookie' | 'header' | 'neither';
  readonly wrote = new Map<number, number>();
  private readonly jar = new Map<string, string>();
  private watermark: string | null = null;

  constructor(carries: 'cookie' | 'header' | 'neither') {
    this.carries = carries;
  }

  async read(item: number, url: string): Promise<Answer> {
    return this.ask('GET', `${url}/items/${item}`);
  }

  async write(item: number, qty: number, url: string): Promise<Answer> {
    const answer = await this.ask('PUT', `${url}/items/${item}?qty=${qty}`);
    this.wrote.set(item, qty);
    return answer;
  }

  private async ask(method: string, url: string): Promise<Answer> {
    const headers = new Headers();
    if (this.carries === 'cookie')
      headers.set('cookie', [...this.jar].map((pair) => pair.join('=')).join('; '));
    if (this.carries === 'header' && this.watermark) headers.set('strangler-watermark', this.watermark);
    const answer = await fetch(url, { method, headers });
    expect(answer.status).toBe(200);
    for (const set of answer.headers.getSetCookie()) {
      const [pair = ''] = set.split(';', 1);
      const equals = pair.indexOf('=');
      this.jar.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    this.watermark = answer.headers.get('strangler-watermark') ?? this.watermark;
    return (await answer.json()) as Answer;
  }
}

const CARRIERS = ['cookie', 'header', 'neither'] as const;

describe('read-your-writes, with real databases, a real sync and two proxies', () => {
  it('sends a client that wrote to the owner for exactly as long as the service does not have it', async () => {
    const clients = CARRIERS.map((carries) => new Client(carries));
    const bystander = new Client('cookie');
    await bystander.read(1, proxies[0].url);
    const unblock = await bed.blockSync();
    for (const [i, client] of clients.entries()) {
      await client.write(i + 1, 100 + i, proxies[0].url);
      for (let again = 0; again < 5; again += 1)
        expect(await client.read(i + 1, proxies[0].url)).toEqual({ side: 'monolith', qty: 100 + i });
      // A client that carries nothing and changes the proxy at once may be faster than the news of its write.
      if (client.carries === 'neither') await proxies[1].hasHeardOfEnds(1);
      expect(await client.read(i + 1, proxies[1].url)).toEqual({ side: 'monolith', qty: 100 + i });
      // Who did not write stays where it is, though it sees the past: that is what a canary is.
      for (const { url } of proxies)
        expect(await bystander.read(i + 1, url)).toEqual({ side: 'service', qty: 0 });
    }
    await unblock();
    for (const [i, client] of clients.entries()) {
      for (const { url } of proxies) {
        await until(async () => (await client.read(i + 1, url)).side === 'service');
        expect(await client.read(i + 1, url)).toEqual({ side: 'service', qty: 100 + i });
      }
    }
  }, 120_000);

  it('shows nobody anything older than what it wrote while the sync halts and goes on all the time', async () => {
    let reads = 0;
    let isOver = false;
    const sides = { monolith: 0, service: 0 };
    const readBack = async (client: Client, item: number, url: string): Promise<string> => {
      const { side, qty } = await client.read(item, url);
      expect({ carries: client.carries, side, qty }).toMatchObject({ qty: client.wrote.get(item) });
      reads += 1;
      sides[side as keyof typeof sides] += 1;
      return side;
    };
    const halt = async (): Promise<void> => {
      while (!isOver) {
        const [unblock, before] = [await bed.blockSync(), reads];
        await until(() => isOver || reads > before + 50);
        await unblock();
        const probe = new Client('cookie');
        await probe.write(20, 1, proxies[0].url);
        await until(async () => (await probe.read(20, proxies[1].url)).side === 'service');
      }
    };
    const work = async (client: Client, item: number): Promise<void> => {
      for (let qty = 1; qty <= 40; qty += 1) {
        const at = qty % 2;
        await client.write(item, qty, proxies[at]?.url ?? '');
        const visited = client.carries === 'neither' ? proxies.slice(at, at + 1) : proxies;
        for (const { url } of [...visited, ...visited]) await readBack(client, item, url);
        if (qty % 4 > 0) continue;
        for (const { url } of visited)
          await until(async () => (await readBack(client, item, url)) === 'service');
      }
    };
    const halting = halt();
    await Promise.all(CARRIERS.map((carries, i) => work(new Client(carries), i + 1))).finally(
      () => (isOver = true),
    );
    await halting;
    expect(sides.monolith).toBeGreaterThan(100);
    expect(sides.service).toBeGreaterThan(25);
  }, 180_000);

  it('does not take a write for applied that is parked', async () => {
    const client = new Client('cookie');
    await bed.databases.monolith.query(`UPDATE item SET stat = '?' WHERE id = 3`);
    await client.write(3, 7, proxies[0].url);
    await until(async () => {
      const { parked } = await bed.databases.databases.service.progress('catalog');
      return parked > 0;
    });
    const { tick } = (
      await bed.store.query<{ tick: string }>('SELECT tick FROM strangler_control.pace')
    )[0] ?? { tick: '0' };
    await until(async () => {
      const [row] = await bed.store.query<{ tick: string }>('SELECT tick FROM strangler_control.pace');
      return Number(row?.tick) > Number(tick) + 20;
    });
    expect(await client.read(3, proxies[1].url)).toEqual({ side: 'monolith', qty: 7 });
    await bed.databases.monolith.query(`UPDATE item SET stat = 'A' WHERE id = 3`);
    await until(async () => (await client.read(3, proxies[1].url)).side === 'service');
    expect(await client.read(3, proxies[1].url)).toEqual({ side: 'service', qty: 7 });
  }, 120_000);

  it('survives the end of the sync process, and another one that takes its place', async () => {
    const client = new Client('cookie');
    const stopSecond = await bed.startSync();
    await client.write(4, 1, proxies[0].url);
    await until(async () => (await client.read(4, proxies[0].url)).side === 'service');
    await stopSecond();
    await client.write(4, 2, proxies[0].url);
    expect((await client.read(4, proxies[0].url)).qty).toBe(2);
    await until(async () => (await client.read(4, proxies[0].url)).side === 'service');
    expect((await client.read(4, proxies[0].url)).qty).toBe(2);
  }, 120_000);

  it('errs towards the owner when the store loses the counter, as it does in a crash', async () => {
    const client = new Client('cookie');
    await client.write(5, 1, proxies[0].url);
    await until(async () => (await client.read(5, proxies[0].url)).side === 'service');
    const unblock = await bed.blockSync();
    await client.write(5, 2, proxies[0].url);
    await bed.store.query('TRUNCATE strangler_control.pace');
    const [before] = proxies.map(({ freshness }) => freshness.latest()?.generation);
    await until(() => {
      const looks = proxies.map(({ freshness }) => freshness.latest());
      return looks.every((look) => look && look.generation !== before);
    });
    for (const { url } of proxies) expect(await client.read(5, url)).toEqual({ side: 'monolith', qty: 2 });
    await unblock();
    for (const { url } of proxies) {
      await until(async () => (await client.read(5, url)).side === 'service');
      expect(await client.read(5, url)).toEqual({ side: 'service', qty: 2 });
    }
  }, 120_000);

  it('asks the store seldom while nobody has written, and often only while somebody waits', async () => {
    let looks = 0;
    let lookedAt = performance.now();
    proxies[0].freshness.onLook(() => {
      looks += 1;
      lookedAt = performance.now();
    });
    // The beginning of the canary was looked at often.
    await until(() => performance.now() - lookedAt > 200);
    const reader = new Client('cookie');
    const [since, before] = [performance.now(), looks];
    while (performance.now() - since < 1500) await reader.read(1, proxies[0].url);
    expect(looks - before).toBeLessThanOrEqual(6);
    const unblock = await bed.blockSync();
    const writer = new Client('cookie');
    await writer.write(6, 1, proxies[0].url);
    await until(async () => {
      await writer.read(6, proxies[0].url);
      return looks > before + 12;
    });
    await unblock();
  }, 120_000);
});
