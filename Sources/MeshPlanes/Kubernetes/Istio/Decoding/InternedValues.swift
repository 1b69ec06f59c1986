import Synchronization

/// Values that many objects have in common, such as `version: v1` or `mesh`, kept once.
///
/// The first so many different ones are kept; a value met later is as it was read.
final class InternedValues<Value: Sendable & Hashable>: Sendable {
  private let kept = Mutex<Set<Value>>([])
  private let limit: Int

  init(limit: Int = 512) { self.limit = limit }

  /// The value in its one kept copy.
  func one(_ value: Value) -> Value {
    kept.withLock { kept in
      if let index = kept.firstIndex(of: value) { return kept[index] }
      if kept.count < limit { kept.insert(value) }
      return value
    }
  }
}

/// The common values of Istio's objects.
enum InternedIstio {
  /// Labels of subsets.
  static let labels = InternedValues<[String: String]>()
  /// Hosts, gateways and namespaces written alike in many objects.
  static let lists = InternedValues<[String]>()
}
