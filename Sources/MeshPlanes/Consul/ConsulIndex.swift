/// The index of a blocking query, by the rules that Consul gives its clients.
///
/// Source: Consul HTTP API documentation, "Blocking queries", "Implementation details": reset to 0 where the index goes
/// backwards, treat what is not above 0 as 1, and do not ask without a pause where answers come at once.
struct ConsulIndex: Sendable, Hashable {
  /// The index to ask with; 0 asks without waiting.
  private(set) var value = 0

  /// What an answer says.
  enum News: Sendable, Hashable {
    /// There may be something new.
    case changed
    /// The wait was over and nothing happened.
    case unchanged
    /// The server began anew, or gives no usable index: read everything, and ask again only after a pause.
    case reset
  }

  /// Takes the index of an answer.
  mutating func take(_ header: String?) -> News {
    guard let text = header, let index = Int(text), index > 0 else {
      let before = value
      value = header == nil ? 0 : 1
      return before == value ? .unchanged : .reset
    }
    if index < value {
      value = 0
      return .reset
    }
    let isNew = index != value
    value = index
    return isNew ? .changed : .unchanged
  }
}
