/** Images: encrypted here, moved in streams, described by what travels inside the message. */
export type { Aead, AeadBox, Ciphers } from './ciphers.ts';
export { type DownloadedImage, downloadImage } from './download.ts';
export { ImageFailure, type ImageFailureKind } from './failure.ts';
export type { ImageFormat, ImageType } from './formats/format.ts';
export { imageFormats } from './formats/index.ts';
export { type Inspected, inspectImage } from './inspect.ts';
export { imageLimits } from './limits.ts';
export type { ImageProgress, TransferOptions } from './progress.ts';
export { type ImageReference, imageReference, imageThumbnail } from './reference.ts';
export type { BlobLike, ImageSource } from './source.ts';
export type { MakeThumbnail, Thumbnail } from './thumbnail.ts';
export { type ImageWorld, uploadImage } from './upload.ts';
