extension Int {
  /// A count with its noun, as a sentence has it: `1 listener`, `2 listeners`, `3 policies`.
  ///
  /// - Parameter noun: The noun in the singular, of those that form their plural by rule.
  public func counted(_ noun: String) -> String { "\(self) \(self == 1 ? noun : Self.plural(of: noun))" }

  /// The plural of a noun that forms it by rule.
  public static func plural(of noun: String) -> String {
    if noun.hasSuffix("y"), let before = noun.dropLast().last, !"aeiou".contains(before) {
      return noun.dropLast() + "ies"
    }
    return noun + (["s", "x", "ch", "sh"].contains { noun.hasSuffix($0) } ? "es" : "s")
  }
}
