/** 1234567 → `1,234,567`. */
export const countText = (count: number): string => count.toLocaleString('en');

export const messagesText = (count: number): string => `${countText(count)} ${count === 1 ? 'message' : 'messages'}`;

export const filesText = (count: number): string => `${countText(count)} ${count === 1 ? 'file' : 'files'}`;

export const bucketsText = (count: number): string => `${countText(count)} ${count === 1 ? 'bucket' : 'buckets'}`;

/** 0.125 → `12.5 %`. */
export const shareText = (share: number): string => `${Number((share * 100).toFixed(4))} %`;
