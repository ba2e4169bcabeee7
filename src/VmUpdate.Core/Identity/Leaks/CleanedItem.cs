namespace VmUpdate.Core.Identity.Leaks;

/// <summary>One thing that was taken from a master.</summary>
/// <param name="Set">Its set.</param>
/// <param name="Title">What the set is, for people.</param>
/// <param name="Item">Its item.</param>
/// <param name="Place">Where it was.</param>
/// <param name="Action">What was done.</param>
public sealed record CleanedItem(string Set, string Title, string Item, string Place, CleanAction Action);
