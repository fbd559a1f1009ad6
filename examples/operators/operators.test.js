'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const mask = require('./mask.js');
const route = require('./route.js');
const dedupe = require('./dedupe.js');

const env = { name: 'archive', now: Date.now, random: Math.random, log: console };

/** A message as an operator gets it. */
const message = (value, parts = {}) => ({
  bucket: 'orders',
  key: Buffer.from('k'),
  value: value === null ? null : Buffer.from(value),
  headers: [],
  timestampMs: 0,
  ...parts,
});

describe('mask', () => {
  const operator = mask.open({ fields: ['card'] }, env);

  it('hides the fields, however deep, and nothing else', () => {
    const { value } = operator(message('{"id":1,"pay":{"card":"4111"}}'));
    assert.equal(value.toString(), '{"id":1,"pay":{"card":"***"}}');
  });

  it('leaves a tombstone alone', () => {
    const tombstone = message(null);
    assert.equal(operator(tombstone), tombstone);
  });

  it('throws at what is no JSON, so that it goes to the dead letters', () => {
    assert.throws(() => operator(message('card 4111')), SyntaxError);
  });
});

describe('route', () => {
  it('sends errors to a bucket of their own', () => {
    assert.equal(route(message('{"level":"error"}')).bucket, 'orders-errors');
  });

  it('leaves all else where it is', () => {
    const other = message('{"level":"info"}');
    assert.equal(route(other), other);
    assert.equal(route(message(null)).bucket, 'orders');
  });
});

describe('dedupe', () => {
  it('takes each key once, and all that has none', () => {
    const operator = dedupe.open({}, env);
    const kept = ['a', 'b', 'a', '', ''].filter((key) => operator(message('1', { key: Buffer.from(key) })));
    assert.deepEqual(kept, ['a', 'b', '', '']);
    assert.ok(operator(message('1', { key: null })));
  });

  it('remembers for one stream alone', () => {
    const [one, other] = [dedupe.open({}, env), dedupe.open({}, env)];
    assert.ok(one(message('1')));
    assert.ok(other(message('1')));
  });

  it('forgets the oldest keys', () => {
    const operator = dedupe.open({}, env);
    for (let n = 0; n <= 100_000; n += 1) operator(message('1', { key: Buffer.from(String(n)) }));
    assert.ok(operator(message('1', { key: Buffer.from('0') })));
    assert.equal(operator(message('1', { key: Buffer.from('100000') })), undefined);
  });
});
