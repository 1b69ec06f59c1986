extension Int {
  /// A count with its noun, as a sentence has it: `1 listener`, `2 listeners`, `3 policies`.
  ///
  /// - Parameter noun: The noun in the singular, of those that form their plural by rule.
  public func counted(_ noun: String) -> String { "\(self) \(self == 1 ? noun : Self.plural(of: noun))" }

  /// A count with the name of a collection, which is a plural by rule: `1 mesh`, `2 meshes`.
  public func counted(of collection: String) -> String {
    "\(self) \(self == 1 ? Self.singular(of: collection) : collection)"
  }

  /// The plural of a noun that forms it by rule.
  public static func plural(of noun: String) -> String {
    if noun.hasSuffix("y"), let before = noun.dropLast().last, !"aeiou".contains(before) {
      return noun.dropLast() + "ies"
    }
    return noun + (["s", "x", "ch", "sh"].contains { noun.hasSuffix($0) } ? "es" : "s")
  }

  private static func singular(of plural: String) -> String {
    if plural.hasSuffix("ies") { return plural.dropLast(3) + "y" }
    let hasVowel = ["ses", "xes", "ches", "shes"].contains { plural.hasSuffix($0) }
    return String(plural.dropLast(hasVowel ? 2 : plural.hasSuffix("s") ? 1 : 0))
  }
}
