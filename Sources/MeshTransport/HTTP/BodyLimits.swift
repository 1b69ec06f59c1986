/// How large an answer may be; a larger one fails with `tooLarge` as soon as it is known to be.
public struct BodyLimits: Sendable, Hashable {
  /// Bytes of the body after decompression, of a whole answer and of a stream alike.
  public var bytes: Int
  /// Bytes of all header lines of one answer.
  public var headerBytes: Int
  /// Header fields of one answer.
  public var headerCount: Int
  /// How many times larger than what travelled a body may become by decompression.
  public var ratio: Int

  /// Limits, with the usual ones for headers and ratio.
  public init(bytes: Int, headerBytes: Int = 64 << 10, headerCount: Int = 256, ratio: Int = 100) {
    self.bytes = bytes
    self.headerBytes = headerBytes
    self.headerCount = headerCount
    self.ratio = ratio
  }

  /// One object: 4 MiB.
  public static let object = BodyLimits(bytes: 4 << 20)
  /// One page of a list: 16 MiB.
  public static let page = BodyLimits(bytes: 16 << 20)
  /// One answer of Prometheus: 32 MiB.
  public static let prometheus = BodyLimits(bytes: 32 << 20)
  /// A configuration dump of a proxy: 128 MiB.
  public static let dump = BodyLimits(bytes: 128 << 20)
  /// A stream without an end, whose reader limits each record itself.
  public static let stream = BodyLimits(bytes: .max)
}
