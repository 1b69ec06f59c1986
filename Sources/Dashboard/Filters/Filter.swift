/// Something a filter can be asked about.
protocol FilterSubject {
  /// The text that plain words are looked for in, in lower case.
  var searchText: String { get }
  /// The value of a field; `nil` where the thing has none of that name.
  func value(of field: FilterField) -> FilterValue?
}

/// The fields a filter can compare.
enum FilterField: String, Sendable, Hashable, CaseIterable {
  case rps, err, p50, p95, p99, mtls, ready, total, ns, name, plane, kind, proxy, runtime, role, state, severity

  /// A field as typed.
  init?(typed: String) {
    switch typed.lowercased() {
    case "namespace": self = .ns
    case "errors", "error": self = .err
    case "rt": self = .p99
    case let word:
      guard let field = FilterField(rawValue: word) else { return nil }
      self = field
    }
  }

  /// Whether numbers typed for it are per cent.
  var isShare: Bool { self == .err || self == .mtls }
}

/// The value of a field.
enum FilterValue: Sendable, Hashable {
  case number(Double)
  case text(String)
}

/// The find/hide language: which rows a table shows.
///
///     reviews                 the name contains it
///     !reviews                it does not
///     rps > 5 AND err > 1%    comparisons of fields; AND may be left out
///     ns = shop OR name ~ ca  = is exact, ~ is "contains"
///     hide: idle              everything but
///     find: ns = shop hide: idle
struct Filter: Sendable, Hashable {
  /// A part of a filter.
  indirect enum Node: Sendable, Hashable {
    case everything
    case word(String)
    case idle
    case compare(FilterField, Comparison, FilterValue)
    case not(Node)
    case and(Node, Node)
    case or(Node, Node)
  }

  /// How a field is compared.
  enum Comparison: String, Sendable, Hashable {
    case more = ">"
    case less = "<"
    case atLeast = ">="
    case atMost = "<="
    case equal = "="
    case unequal = "!="
    case contains = "~"
  }

  /// The condition.
  var root: Node

  /// Whether it shows everything.
  var isEmpty: Bool { root == .everything }

  /// Reads a filter.
  init(_ text: String) throws(FilterError) {
    var parser = FilterParser(text)
    root = try parser.parse()
  }

  /// The filter as far as it can be understood: what is no language is looked for as it stands.
  static func lenient(_ text: String) -> Filter {
    (try? Filter(text)) ?? Filter(root: .word(text.lowercased()))
  }

  private init(root: Node) { self.root = root }

  /// Whether a thing shows.
  func matches(_ subject: some FilterSubject) -> Bool { Self.matches(root, subject) }

  private static func matches(_ node: Node, _ subject: some FilterSubject) -> Bool {
    switch node {
    case .everything: true
    case .word(let word): subject.searchText.contains(word)
    case .idle: isIdle(subject)
    case .not(let inner): !matches(inner, subject)
    case .and(let left, let right): matches(left, subject) && matches(right, subject)
    case .or(let left, let right): matches(left, subject) || matches(right, subject)
    case .compare(let field, let comparison, let wanted): compare(subject.value(of: field), comparison, wanted)
    }
  }

  private static func isIdle(_ subject: some FilterSubject) -> Bool {
    if case .number(let rate)? = subject.value(of: .rps) { rate <= 0 } else { true }
  }

  /// A value that is not known satisfies no comparison but `!=`.
  private static func compare(_ value: FilterValue?, _ comparison: Comparison, _ wanted: FilterValue) -> Bool {
    switch (value, wanted) {
    case (.number(let have)?, .number(let want)):
      switch comparison {
      case .more: have > want
      case .less: have < want
      case .atLeast: have >= want
      case .atMost: have <= want
      case .equal: abs(have - want) < 1e-9
      case .unequal: abs(have - want) >= 1e-9
      case .contains: false
      }
    case (.text(let have)?, .text(let want)):
      switch comparison {
      case .equal: have.lowercased() == want
      case .unequal: have.lowercased() != want
      case .contains: have.lowercased().contains(want)
      case .more: have.lowercased() > want
      case .less: have.lowercased() < want
      case .atLeast: have.lowercased() >= want
      case .atMost: have.lowercased() <= want
      }
    default: comparison == .unequal
    }
  }
}

/// A filter that cannot be understood.
struct FilterError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what would be right.
  var description: String
}
