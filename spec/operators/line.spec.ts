import { Line } from '../../src/operators/line';
import { completed } from '../support/completed';

describe('Line', () => {
  it('lets the first go at once', () => {
    expect(completed(new Line().join().earlier$)()).toBe(true);
  });

  it('lets the next go when all before it have left, in whatever order', () => {
    const line = new Line();
    const [first, second, third] = [line.join(), line.join(), line.join()];
    const isNext = completed(third.earlier$);
    second.end();
    expect(isNext()).toBe(false);
    first.end();
    expect(isNext()).toBe(true);
  });

  it('waits for nobody behind', () => {
    const line = new Line();
    const [first, second] = [line.join(), line.join()];
    const isNext = completed(second.earlier$);
    line.join();
    first.end();
    expect(isNext()).toBe(true);
  });

  it('tells when what is there now has left, whoever came since', () => {
    const line = new Line();
    expect(completed(line.present$)()).toBe(true);
    const [first, second] = [line.join(), line.join()];
    const haveLeft = completed(line.present$);
    const later = completed(line.join().earlier$);
    second.end();
    expect(haveLeft()).toBe(false);
    expect(later()).toBe(false);
    first.end();
    expect(haveLeft()).toBe(true);
    expect(later()).toBe(true);
  });

  it('joins behind who is left', () => {
    const line = new Line();
    const [first, second] = [line.join(), line.join()];
    second.end();
    const isNext = completed(line.join().earlier$);
    expect(isNext()).toBe(false);
    first.end();
    expect(isNext()).toBe(true);
  });
});
