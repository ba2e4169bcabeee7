using VmUpdate.Core.Identity.Secrets;

namespace VmUpdate.Core.Identity;

/// <summary>A step that a plan foresees, before anything is copied or hashed.</summary>
/// <param name="Set">The set.</param>
/// <param name="Action">What is done.</param>
/// <param name="Kind">To what kind of thing.</param>
/// <param name="Hive">The hive, for the registry.</param>
/// <param name="Path">The key's path, <c>CurrentControlSet</c> unresolved; or the file's path.</param>
/// <param name="Name">The value's name; the new path of a rename.</param>
/// <param name="IsSecret">Whether the thing is secret.</param>
/// <param name="Bytes">How many bytes are carried.</param>
internal sealed record PlannedStep(
    string Set, ManifestAction Action, ManifestItemKind Kind, HiveName Hive, string Path, string Name, bool IsSecret, long Bytes)
{
    /// <summary>Makes the bytes of a file that is on neither disk; <see langword="null"/> for what is copied.</summary>
    public Func<SecretBuffer>? Content { get; init; }

    public static PlannedStep Of(IdentitySet set, ManifestAction action, Place place) => new(
        set.Id, action, place.Kind, place.Item.Hive, place.Path, place.Name, place.Item.IsSecret,
        action == ManifestAction.Write ? place.Bytes : 0);

    public ManifestItem ToItem() => new()
    {
        Set = Set, Action = Action, Kind = Kind, Hive = Hive, Path = Path, Name = Name, IsSecret = IsSecret,
    };
}
