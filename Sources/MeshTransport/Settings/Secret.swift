/// A value that must not be printed, logged or recorded. Its description says nothing; reading it is explicit.
public struct Secret: Sendable, Hashable {
  private let bytes: [UInt8]

  /// A secret text.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// A secret of bytes.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// The text itself, for the one place that sends it.
  public var reveal: String { String(decoding: bytes, as: UTF8.self) }

  /// The bytes themselves, for the one place that sends them.
  public var revealBytes: [UInt8] { bytes }

  /// Whether there is nothing to hide.
  public var isEmpty: Bool { bytes.isEmpty }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The same for every secret.
  public var description: String { "‹secret›" }
  /// The same for every secret.
  public var debugDescription: String { description }
  /// No children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
