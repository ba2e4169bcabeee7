using System.ComponentModel;
using VmUpdate.HyperV.Access;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>Lists of rights in memory, each as the text that Windows would give.</summary>
internal sealed class RecordedRights : IFileRights
{
    internal Dictionary<string, string> Lists { get; } = [];

    internal bool IsDenied { get; set; }

    internal bool Forgets { get; set; }

    public bool Has(string path, string sid, uint rights) => AccessList.Allows(Lists.GetValueOrDefault(path, "D:AI"), sid, rights);

    public void Add(string path, string sid, uint rights)
    {
        if (IsDenied)
        {
            throw new Win32Exception(5);
        }

        if (!Forgets)
        {
            Lists[path] = AccessList.With(Lists.GetValueOrDefault(path, "D:AI"), sid, rights);
        }
    }
}
