using VmUpdate.Core.Identity.Leaks;

namespace VmUpdate.PowerShell.Output;

/// <summary>One thing that was taken from a master.</summary>
public sealed class VmIdentityRemoval
{
    internal VmIdentityRemoval(CleanedItem item, string destination)
    {
        SetName = item.Set;
        Title = item.Title;
        Item = item.Item;
        Action = item.Action;
        Place = item.Place;
        Destination = destination;
    }

    /// <summary>The set of identity.</summary>
    public string SetName { get; }

    /// <summary>What the set is.</summary>
    public string Title { get; }

    /// <summary>Its name in the set.</summary>
    public string Item { get; }

    /// <summary>Removed, or Blanked where the rest of the file stays.</summary>
    public CleanAction Action { get; }

    /// <summary>Where it was.</summary>
    public string Place { get; }

    /// <summary>The new master, which does not hold it.</summary>
    public string Destination { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{SetName}/{Item}";
}
