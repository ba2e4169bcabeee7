namespace VmUpdate.Core.Identity;

/// <summary>What the first start of a generalized master does to a set, and so how the set comes through it.</summary>
public enum SpecializeRule
{
    /// <summary>Nothing: it is carried as on any master.</summary>
    Survives,

    /// <summary>It takes the value from the answer file, so that is where it is written too.</summary>
    AnswerFile,

    /// <summary>It makes a new value; the guest agent puts the carried one back afterwards.</summary>
    FirstBoot,

    /// <summary>It joins the domain anew, with the data that the administrator gives for the machine.</summary>
    Join,

    /// <summary>It makes new ones, and nobody can put the old ones back: the set is not carried.</summary>
    Lost,
}
