import MeshModel
import Synchronization

/// Values that objects spell again and again in the same bytes, such as the retries of rules: the latest are kept with their
/// bytes. What is next in a text and has the bytes of one of them is that value, in its one copy, and is not read again.
///
/// For objects, arrays, texts and `null` only, whose bytes tell their end.
final class RepeatedValues<Value: Sendable>: Sendable {
  private struct Kept {
    var bytes: [UInt8]
    var value: Value
  }

  private struct Latest {
    var kept: [Kept] = []
    var oldest = 0
  }

  private let latest = Mutex(Latest())
  private let limit: Int
  private let isWorthKeeping: @Sendable (Value) -> Bool

  /// Creates a memory of so many values.
  init(limit: Int, where isWorthKeeping: @escaping @Sendable (Value) -> Bool = { _ in true }) {
    self.limit = limit
    self.isWorthKeeping = isWorthKeeping
  }

  /// The value that is next, as `read` reads it.
  func value(
    _ reader: inout JSONReader, _ read: (inout JSONReader) throws(JSONError) -> Value
  ) throws(JSONError) -> Value {
    if let known = latest.withLock({ $0.kept.first { reader.pass($0.bytes) }?.value }) { return known }
    _ = try reader.peek()
    let start = reader.offset
    let value = try read(&reader)
    guard isWorthKeeping(value) else { return value }
    let kept = Kept(bytes: reader.copy(start..<reader.offset), value: value)
    latest.withLock { latest in
      if latest.kept.count < limit {
        latest.kept.append(kept)
      } else {
        latest.kept[latest.oldest] = kept
        latest.oldest = (latest.oldest + 1) % limit
      }
    }
    return value
  }
}
