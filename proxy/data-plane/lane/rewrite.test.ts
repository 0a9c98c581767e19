import { describe, expect, it } from '@jest/globals';
import { cookieFor, locationFor, type ClientWords } from './rewrite.ts';

const words = (address: string, host = 'shop.example', proto = 'https'): ClientWords => ({
  address: new URL(address),
  sent: { 'x-forwarded-host': host, 'x-forwarded-proto': proto },
});

describe('a Location, as the client gets it', () => {
  it.each([
    // Without a base path.
    ['http://app:3000', '/login', '/login'],
    ['http://app:3000', 'login', 'login'],
    ['http://app:3000', '../login', '../login'],
    ['http://app:3000', '?page=2', '?page=2'],
    ['http://app:3000', 'http://app:3000', 'https://shop.example'],
    ['http://app:3000', 'http://app:3000/login#top', 'https://shop.example/login#top'],
    ['http://app:3000', 'HTTP://APP:3000/login', 'https://shop.example/login'],
    ['http://app:3000', '//app:3000/login', 'https://shop.example/login'],
    ['http://app', 'http://app:80/login', 'https://shop.example/login'],
    ['https://app', 'https://app:443/login', 'https://shop.example/login'],
    ['http://app:3000', 'http://app:3001/login', 'http://app:3001/login'],
    ['http://app:3000', 'http://app/login', 'http://app/login'],
    ['http://app:3000', 'http://app:3000.evil.example/', 'http://app:3000.evil.example/'],
    ['http://app:3000', 'http://app:3000@evil.example/', 'http://app:3000@evil.example/'],
    ['http://app:3000', 'https://pay.example/app:3000', 'https://pay.example/app:3000'],
    ['http://app:3000', 'https://shop.example/login', 'https://shop.example/login'],
    ['http://app:3000', 'mailto:a@app', 'mailto:a@app'],
    ['http://[::1]:3000', 'http://[::1]:3000/login', 'https://shop.example/login'],
    // With one.
    ['http://app:3000/shop', '/shop/login', '/login'],
    ['http://app:3000/shop', '/shop', '/'],
    ['http://app:3000/shop', '/shop?a', '/?a'],
    ['http://app:3000/shop', '/shopping', '/shopping'],
    ['http://app:3000/shop', '/login', '/login'],
    ['http://app:3000/shop/', 'http://app:3000/shop/login', 'https://shop.example/login'],
    ['http://app:3000/shop', 'http://app:3000/shop', 'https://shop.example/'],
    ['http://app:3000/shop', 'http://app:3000/other', 'http://app:3000/other'],
    ['http://app:3000/shop', 'http://shop.example/shop/login', 'http://shop.example/login'],
    ['http://app:3000/shop', '//shop.example/shop/login', '//shop.example/login'],
    ['http://app:3000/shop', 'http://pay.example/shop/login', 'http://pay.example/shop/login'],
  ])('of %s: %s is %s', (address, location, expected) => {
    expect(locationFor(location, words(address))).toBe(expected);
  });
});

describe('a cookie, as the client gets it', () => {
  it.each([
    ['http://app:3000', 'shop.example', 'a=1', 'a=1'],
    ['http://app:3000', 'shop.example', 'a=1; Path=/x', 'a=1; Path=/x'],
    ['http://app:3000/shop', 'shop.example', 'a=1; Path=/shop/x', 'a=1; Path=/x'],
    ['http://app:3000/shop', 'shop.example', 'a=1;path=/shop', 'a=1;path=/'],
    ['http://app:3000/shop', 'shop.example', 'a=1; Path=/shopping', 'a=1; Path=/shopping'],
    ['http://app.internal', 'shop.example', 'a=1; Domain=app.internal', 'a=1; Domain=shop.example'],
    [
      'http://app.internal',
      'shop.example:8443',
      'a=1; Domain=.internal; Secure',
      'a=1; Domain=shop.example; Secure',
    ],
    ['http://app.internal', 'localhost:8080', 'a=1; Domain=app.internal; Secure', 'a=1; Secure'],
    ['http://app.internal', '127.0.0.1', 'a=1; domain=app.internal', 'a=1'],
    // What the client's browser takes as it is stays.
    ['http://app.example', 'www.example', 'a=1; Domain=example', 'a=1; Domain=example'],
    ['http://app.internal', 'shop.example', 'a=1; Domain=other.example', 'a=1; Domain=other.example'],
    ['http://app.internal', 'shop.example', 'domain=app.internal', 'domain=app.internal'],
  ])('of %s for %s: %s is %s', (address, host, cookie, expected) => {
    expect(cookieFor(cookie, words(address, host))).toBe(expected);
  });
});
