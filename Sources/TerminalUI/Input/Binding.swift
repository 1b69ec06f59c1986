/// A key as data: what hints, help, command palette and manual are all made from.
public struct Binding: Hashable, Sendable, Identifiable {
  /// The name in a configuration: `routes.edit`.
  public let id: String
  /// The keys that do it; the first is the one shown.
  public var keys: [Key]
  /// One or two words for the hint bar.
  public var title: SafeText
  /// One sentence for help.
  public var description: SafeText
  /// Where the keys count; `Binding.everywhere` for all screens.
  public var context: String
  /// Why it cannot be done now; nil where it can. A binding is disabled with a reason rather than hidden.
  public var disabledReason: SafeText?
  /// Whether the hint bar shows it.
  public var isHint: Bool

  /// The context of bindings that count on every screen.
  public static let everywhere = "everywhere"

  /// A key as data.
  public init(
    _ id: String, _ keys: [Key], _ title: SafeText, _ description: SafeText,
    context: String = Binding.everywhere, disabledReason: SafeText? = nil, isHint: Bool = true
  ) {
    self.id = id
    self.keys = keys
    self.title = title
    self.description = description
    self.context = context
    self.disabledReason = disabledReason
    self.isHint = isHint
  }

  /// The same binding, disabled for a reason (nil enables it).
  public func disabled(_ reason: SafeText?) -> Binding {
    var copy = self
    copy.disabledReason = reason
    return copy
  }

  /// The keys in words, as hints show them.
  public func keyLabel(_ glyphs: GlyphSet, all: Bool = false) -> SafeText {
    SafeText(escaped: keys.prefix(all ? keys.count : 1).map { $0.label(glyphs) }.joined(separator: " "))
  }
}
